using System.Globalization;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A retry policy of a Resiliency resource.</summary>
/// <param name="MaxRetries">The number of attempts after the first one. A negative number means indefinitely.</param>
/// <param name="MaxInterval">The maximum delay of an exponential policy.</param>
/// <param name="HttpStatusCodes">The statuses that are retried, or null to retry every failure.</param>
internal sealed record RetryPolicy(
    bool Exponential,
    TimeSpan Duration,
    int MaxRetries,
    TimeSpan MaxInterval,
    IReadOnlyList<(int From, int To)>? HttpStatusCodes)
{
    // Dapr's library ends an exponential policy after this time, even without maxRetries.
    private static readonly TimeSpan MaxElapsedTime = TimeSpan.FromMinutes(15);

    // Dapr applies "duration" only to constant policies, so every exponential policy starts with this delay. Dapr also changes each delay
    // randomly by up to 50 %. The emulator uses the average.
    private static readonly TimeSpan FirstExponentialDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>Returns the delay before a retry, or null if there are no more retries. The first retry has number 1.</summary>
    public TimeSpan? DelayBefore(int retry, TimeSpan elapsed)
    {
        if (MaxRetries >= 0 && retry > MaxRetries)
        {
            return null;
        }

        if (!Exponential)
        {
            return Duration;
        }

        var delay = TimeSpan.FromTicks((long)Math.Min(Duration.Ticks * Math.Pow(1.5, retry - 1), MaxInterval.Ticks));
        return elapsed + delay > MaxElapsedTime ? null : delay;
    }

    /// <summary>Returns whether to retry after a response with this status. Without a response (null), it returns true.</summary>
    public bool ShouldRetry(int? status) =>
        status is null || HttpStatusCodes is null || HttpStatusCodes.Any(range => status >= range.From && status <= range.To);

    /// <exception cref="FormatException">The type, a duration or the status codes are invalid.</exception>
    public static RetryPolicy Read(string name, YamlMap map)
    {
        var exponential = (map.Text("policy") ?? "constant").ToLowerInvariant() switch
        {
            "constant" => false,
            "exponential" => true,
            _ => throw new FormatException($"invalid retry configuration \"{name}\": unexpected back off policy type: {map.Text("policy")}"),
        };
        var duration = Delay(name, map, "duration") ?? TimeSpan.FromSeconds(5);
        return new RetryPolicy(
            exponential,
            exponential ? FirstExponentialDelay : duration,
            int.TryParse(map.Text("maxRetries"), CultureInfo.InvariantCulture, out var retries) ? retries : -1,
            Delay(name, map, "maxInterval") ?? TimeSpan.FromMinutes(1),
            Ranges(map.Map("matching")?.Text("httpStatusCodes")));
    }

    private static TimeSpan? Delay(string name, YamlMap map, string key) => map.Text(key) is { Length: > 0 } text
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
