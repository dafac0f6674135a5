using System.Globalization;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A retry policy of a Resiliency: the pauses before retries, and when to give up.</summary>
/// <param name="MaxRetries">Attempts after the first one; negative: indefinitely.</param>
/// <param name="MaxInterval">The longest exponential pause, by default a minute.</param>
/// <param name="HttpStatusCodes">The only responses of the app that are retried, or null for every failure.</param>
internal sealed record RetryPolicy(
    bool Exponential,
    TimeSpan Duration,
    int MaxRetries,
    TimeSpan MaxInterval,
    IReadOnlyList<(int From, int To)>? HttpStatusCodes)
{
    // Dapr's library ends an exponential policy after this time even without maxRetries.
    private static readonly TimeSpan MaxElapsed = TimeSpan.FromMinutes(15);

    // "duration" only applies to constant pauses, so every exponential policy begins with this one. Dapr varies pauses
    // randomly by up to half; here they have the average length.
    private static readonly TimeSpan FirstExponential = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets the pause before repetition <paramref name="retry"/> (from 1), or null when the policy has ended.</summary>
    public TimeSpan? PauseBefore(int retry, TimeSpan elapsed)
    {
        if (MaxRetries >= 0 && retry > MaxRetries)
        {
            return null;
        }

        if (!Exponential)
        {
            return Duration;
        }

        var pause = TimeSpan.FromTicks((long)Math.Min(Duration.Ticks * Math.Pow(1.5, retry - 1), MaxInterval.Ticks));
        return elapsed + pause > MaxElapsed ? null : pause;
    }

    /// <summary>Returns whether a response with this status is retried; no response (null) always is.</summary>
    public bool Repeats(int? status) =>
        status is null || HttpStatusCodes is null || HttpStatusCodes.Any(range => status >= range.From && status <= range.To);

    /// <exception cref="FormatException">Its type, a duration or its status codes are invalid.</exception>
    public static RetryPolicy Read(string name, YamlMap map)
    {
        var exponential = (map.Text("policy") ?? "constant").ToLowerInvariant() switch
        {
            "constant" => false,
            "exponential" => true,
            _ => throw new FormatException($"invalid retry configuration \"{name}\": unexpected back off policy type: {map.Text("policy")}"),
        };
        var duration = Pause(name, map, "duration") ?? TimeSpan.FromSeconds(5);
        return new RetryPolicy(
            exponential,
            exponential ? FirstExponential : duration,
            int.TryParse(map.Text("maxRetries"), CultureInfo.InvariantCulture, out var retries) ? retries : -1,
            Pause(name, map, "maxInterval") ?? TimeSpan.FromMinutes(1),
            Ranges(map.Map("matching")?.Text("httpStatusCodes")));
    }

    private static TimeSpan? Pause(string name, YamlMap map, string key) => map.Text(key) is { Length: > 0 } text
        ? GoDuration.Parse(text) ?? throw new FormatException($"invalid retry configuration \"{name}\": {key}: {text}")
        : null;

    private static List<(int From, int To)>? Ranges(string? codes) => string.IsNullOrEmpty(codes)
        ? null
        : [.. codes.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Range)];

    private static (int From, int To) Range(string pattern)
    {
        var ends = pattern.Split('-');
        return ends.Length <= 2
            && int.TryParse(ends[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var from) && from is >= 100 and <= 599
            && int.TryParse(ends[^1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var to) && to is >= 100 and <= 599
            && from <= to
                ? (from, to)
                : throw new FormatException($"invalid pattern {pattern}");
    }
}
