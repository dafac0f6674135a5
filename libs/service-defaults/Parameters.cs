using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprOrders.ServiceDefaults;

/// <summary>Parses the request parameters that services share, and creates the 400 responses for malformed ones.</summary>
public static partial class Parameters
{
    internal const string WaitPattern = "^([0-9]{1,5})(ms|s)$";

    private const string UuidRule = "must be a UUID like 0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e.";
    private const string WaitRule = "must be a number of seconds or milliseconds up to 30 s, for example 5s or 250ms.";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Parses an id in the form with four hyphens.</summary>
    public static bool TryParseUuid(string? text, out Guid id) => Guid.TryParseExact(text, "D", out id);

    /// <summary>Parses the time to wait, for example <c>5s</c> or <c>250ms</c>: at most 30 s, and zero if <paramref name="text"/> is null.</summary>
    public static bool TryParseWait(string? text, out TimeSpan wait)
    {
        wait = TimeSpan.Zero;
        if (text is null)
        {
            return true;
        }

        var match = Duration().Match(text);
        if (!match.Success)
        {
            return false;
        }

        var unit = match.Groups[2].Value is "ms" ? TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1);
        wait = unit * int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        return wait <= LongestWait;
    }

    /// <summary>Parses the word for a value of an enum. The value is null if <paramref name="text"/> is null.</summary>
    public static bool TryParseWord<TEnum>(string? text, out TEnum? value)
        where TEnum : struct, Enum
    {
        value = null;
        foreach (var candidate in Enum.GetValues<TEnum>().Where(candidate => candidate.ToSnakeCase() == text))
        {
            value = candidate;
        }

        return text is null || value is not null;
    }

    /// <summary>Returns the 400 for a parameter that must be a word for a value of <typeparamref name="TEnum"/>.</summary>
    public static ValidationProblem InvalidWord<TEnum>(string name)
        where TEnum : struct, Enum =>
        Invalid(name, $"{name} must be one of {string.Join(", ", Enum.GetValues<TEnum>().Select(SnakeCase.ToSnakeCase))}.");

    /// <summary>Returns the 400 for a parameter that must be a UUID.</summary>
    public static ValidationProblem InvalidUuid(string name) => Invalid(name, $"{name} {UuidRule}");

    /// <summary>Returns the 400 for a parameter that must be a time to wait.</summary>
    public static ValidationProblem InvalidWait(string name) => Invalid(name, $"{name} {WaitRule}");

    /// <summary>Returns the 400 for a malformed parameter or header.</summary>
    /// <param name="name">The name of the parameter or header.</param>
    /// <param name="rule">What it must be, as a sentence.</param>
    public static ValidationProblem Invalid(string name, string rule) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [name] = [rule] });

    [GeneratedRegex(WaitPattern)]
    private static partial Regex Duration();
}
