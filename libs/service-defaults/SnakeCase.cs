using System.Text.Json;

namespace DaprOrders.ServiceDefaults;

/// <summary>Converts the values of enums to the words that APIs, logs and databases use.</summary>
public static class SnakeCase
{
    /// <summary>Returns the word for a value, for example <c>not_found</c>.</summary>
    public static string ToSnakeCase<TEnum>(this TEnum value)
        where TEnum : struct, Enum =>
        JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Finds the value of a word, for example of <c>not_found</c>. Case matters.</summary>
    public static bool TryParse<TEnum>(string? word, out TEnum value)
        where TEnum : struct, Enum
    {
        var match = Enum.GetValues<TEnum>().Where(candidate => candidate.ToSnakeCase() == word).Take(1).ToList();
        value = match.FirstOrDefault();
        return match.Count > 0;
    }
}
