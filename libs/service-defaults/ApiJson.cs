using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprOrders.ServiceDefaults;

/// <summary>Configures the JSON of the HTTP APIs: snake_case, enums as words, strict reading.</summary>
internal static class ApiJson
{
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.PropertyNameCaseInsensitive = false;
        options.DictionaryKeyPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.MaxDepth = 10_000; // with the default of 64, a nested entry would make its whole batch unreadable
        options.AllowDuplicateProperties = false; // readers disagree on which of two values counts
        options.Converters.Add(new IntegerConverter());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }
}
