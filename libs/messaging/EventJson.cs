using System.Text.Json;
using System.Text.Json.Serialization;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Messaging;

/// <summary>Defines the JSON format of events: snake_case names and enum values; no comments, trailing commas or quoted numbers.</summary>
internal static class EventJson
{
    private const int MaxDepth = 10_010; // the 10,000 levels of an event, and those of the delivery around it

    /// <summary>
    /// Gets the options to serialize and deserialize events. A missing or null field is an error, because otherwise <c>"data":{}</c> would be a
    /// valid event. Unknown fields are ignored, so that a publisher can add fields.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>
    /// Gets the options to read what the sidecar delivers. Dapr delivers events of up to 10,000 levels. With .NET's default of 64 levels, one
    /// nested event would make its whole batch unreadable.
    /// </summary>
    public static JsonSerializerOptions Delivery { get; } = new() { MaxDepth = MaxDepth };

    /// <summary>Gets the same options to parse a delivery without copying it.</summary>
    public static JsonDocumentOptions Document { get; } = new() { MaxDepth = MaxDepth };

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions
        {
            MaxDepth = MaxDepth,
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
