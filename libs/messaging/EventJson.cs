using System.Text.Json;
using System.Text.Json.Serialization;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Messaging;

/// <summary>Defines the JSON format of events: snake_case names and enum values; no comments, trailing commas or quoted numbers.</summary>
internal static class EventJson
{
    /// <summary>
    /// Gets the options to serialize and deserialize events. A missing or null field is an error, because otherwise <c>"data":{}</c> would be a
    /// valid event. Unknown fields are ignored, so that a publisher can add fields.
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
