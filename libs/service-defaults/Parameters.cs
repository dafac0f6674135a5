using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprOrders.ServiceDefaults;

/// <summary>Parameters of requests that more than one service reads, and the words in which a wrong one is refused.</summary>
public static partial class Parameters
{
    internal const string WaitPattern = "^([0-9]{1,5})(ms|s)$";

    private const string UuidRule = "must be a UUID like 0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e.";
    private const string WaitRule = "must be a number of seconds or milliseconds up to 30 s, for example 5s or 250ms.";

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Reads an id in the form with four hyphens.</summary>
    /// <param name="text">The text, or null when the parameter is absent.</param>
    /// <param name="id">The id.</param>
    /// <returns>Whether the text is one.</returns>
    public static bool TryParseUuid(string? text, out Guid id) => Guid.TryParseExact(text, "D", out id);

    /// <summary>Reads how long a caller wants to wait: <c>5s</c> or <c>250ms</c>, at most 30 s; absent means not at all.</summary>
    /// <param name="text">The text, or null when the parameter is absent.</param>
    /// <param name="wait">The time.</param>
    /// <returns>Whether the text is one.</returns>
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

    /// <summary>Reads a value of an enum by the word that the APIs use for it; absent means any.</summary>
    /// <typeparam name="TEnum">The enum.</typeparam>
    /// <param name="text">The text, or null when the parameter is absent.</param>
    /// <param name="value">The value, or null when the parameter is absent.</param>
    /// <returns>Whether the text is one, or absent.</returns>
    public static bool TryParseWord<TEnum>(string? text, out TEnum? value)
        where TEnum : struct, Enum
    {
        value = null;
        foreach (var candidate in Enum.GetValues<TEnum>().Where(candidate => SnakeCase.Word(candidate) == text))
        {
            value = candidate;
        }

        return text is null || value is not null;
    }

    /// <summary>Refuses a word.</summary>
    /// <typeparam name="TEnum">The enum that has the right ones.</typeparam>
    /// <param name="name">The parameter.</param>
    /// <returns>A 400 that names it and them.</returns>
    public static ValidationProblem InvalidWord<TEnum>(string name)
        where TEnum : struct, Enum =>
        Invalid(name, $"{name} must be one of {string.Join(", ", Enum.GetValues<TEnum>().Select(SnakeCase.Word))}.");

    /// <summary>Refuses a parameter that is no UUID.</summary>
    /// <param name="name">The parameter.</param>
    /// <returns>A 400 that names it.</returns>
    public static ValidationProblem InvalidUuid(string name) => Invalid(name, $"{name} {UuidRule}");

    /// <summary>Refuses a time to wait.</summary>
    /// <param name="name">The parameter.</param>
    /// <returns>A 400 that names it.</returns>
    public static ValidationProblem InvalidWait(string name) => Invalid(name, $"{name} {WaitRule}");

    /// <summary>Refuses a parameter.</summary>
    /// <param name="name">The parameter or header.</param>
    /// <param name="rule">What it must be, as a sentence.</param>
    /// <returns>A 400 that names it.</returns>
    public static ValidationProblem Invalid(string name, string rule) =>
        TypedResults.ValidationProblem(new Dictionary<string, string[]> { [name] = [rule] });

    [GeneratedRegex(WaitPattern)]
    private static partial Regex Duration();
}
