using System.Text.Json;
using System.Text.Json.Serialization;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Messaging;

/// <summary>The JSON of events: snake_case, enums as words, no comments, no trailing commas, no numbers in quotes.</summary>
internal static class EventJson
{
    /// <summary>
    /// Gets the options with which events are written and read. Reading is strict about known fields (a missing or null field is an error, else
    /// <c>"data":{}</c> would pass as an event) and ignores unknown ones, so that a publisher may add fields.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
            DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower,
            NumberHandling = JsonNumberHandling.Strict,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Converters = { new IntegerConverter(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
