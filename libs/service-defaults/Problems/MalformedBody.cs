using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace DaprOrders.ServiceDefaults;

/// <summary>Describes why a body could not be read, by the path and the position that the exception has.</summary>
internal static class MalformedBody
{
    public const string Missing = "The request needs a body that is a JSON object.";

    public static string Describe(JsonException exception, Type? type, JsonSerializerOptions options)
    {
        var position = exception is { LineNumber: { } line, BytePositionInLine: { } column } ? $" (line {line + 1}, byte {column + 1})" : "";
        if (exception.Path is not ['$', '.', .. var field])
        {
            return $"The body is not a JSON object of the expected structure{position}.";
        }

        var property = type is null ? null : options.GetTypeInfo(type).Properties.FirstOrDefault(property => property.Name == field);
        return property is null && !field.Contains('.') && !field.Contains('[')
            ? $"The field {field} is not known{position}."
            : $"The field {field} has a value that is not allowed, or occurs twice{position}.{Rule(property)}";
    }

    private static string Rule(JsonPropertyInfo? property) => string.Concat(
        (property?.AttributeProvider?.GetCustomAttributes(inherit: true) ?? []).OfType<IAllowedValues>()
            .Select(rule => $" {property!.Name} must be {rule.Allowed}."));
}
