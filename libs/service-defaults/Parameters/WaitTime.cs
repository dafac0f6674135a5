using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.ServiceDefaults;

/// <summary>How long a request waits for a result: up to 30 s, for example <c>5s</c> or <c>250ms</c>.</summary>
[ParameterSchema(Pattern = "^([0-9]{1,5})(ms|s)$")]
public sealed partial record WaitTime(TimeSpan Value) : RequestParameter("wait", "a time of up to 30 s, for example 5s or 250ms")
{
    private static readonly TimeSpan Max = TimeSpan.FromSeconds(30);

    /// <summary>Parses the time. Always returns true.</summary>
    public static bool TryParse(string? text, out WaitTime wait)
    {
        var match = Time().Match(text ?? "");
        var value = match.Success
            ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * TimeSpan.FromMilliseconds(match.Groups[2].Value is "ms" ? 1 : 1000)
            : TimeSpan.MaxValue;
        wait = value <= Max ? new WaitTime(value) : new WaitTime(TimeSpan.Zero) { Malformed = text };
        return true;
    }

    [GeneratedRegex(@"^([0-9]{1,5})(ms|s)\z")]
    private static partial Regex Time();
}
