using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;

namespace DaprOrders.ServiceDefaults;

/// <summary>Describes invalid values for the errors of a validation problem.</summary>
internal static class InvalidValue
{
    private const int MaxLength = 40;

    /// <summary>Returns a sentence that names the field or parameter, what is allowed, and what was sent, shortened.</summary>
    public static string Describe(string name, string allowed, object? value) => $"{name} must be {allowed}, but was {Shorten(value)}.";

    /// <summary>Returns the error for a property of a request body, under the name that it has in JSON.</summary>
    public static ValidationResult OfProperty(ValidationContext context, string allowed, object? value)
    {
        var property = context.MemberName ?? context.DisplayName;
        return new ValidationResult(Describe(JsonNamingPolicy.SnakeCaseLower.ConvertName(property), allowed, value), [property]);
    }

    private static string Shorten(object? value) => value switch
    {
        null => "missing",
        string { Length: > MaxLength } text => $"'{text[..MaxLength]}…' ({text.Length} characters)",
        string text => $"'{text}'",
        System.Collections.ICollection { Count: var count } => $"a list of {count}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
