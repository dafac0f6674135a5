using System.Text.Json;

namespace DaprOrders.ServiceDefaults;

/// <summary>Converts the values of enums to the words that APIs, logs and databases use.</summary>
public static class SnakeCase
{
    /// <summary>Returns the word for a value, for example <c>not_found</c>.</summary>
    public static string ToSnakeCase<TEnum>(this TEnum value)
        where TEnum : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
