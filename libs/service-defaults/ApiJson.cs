using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprOrders.Messaging;

/// <summary>The JSON of events and of the HTTP APIs: snake_case, enums as words, no comments, no trailing commas, no numbers in quotes.</summary>
public static class MessagingJson
{
    /// <summary>
    /// Gets the options with which events are written and read. Reading is strict about what is there (a missing or null field is an error,
    /// else <c>"data":{}</c> would pass as an order) and lenient about what more there is, so that a publisher may add fields.
    /// </summary>
    public static JsonSerializerOptions Events { get; } = Create();

    /// <summary>Makes options like <see cref="Events"/> the ones of an HTTP API.</summary>
    /// <param name="options">The options to change.</param>
    public static void Apply(JsonSerializerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions();
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
