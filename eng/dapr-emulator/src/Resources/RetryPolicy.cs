using System.Globalization;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A retry policy of a Resiliency: how long to wait before which repetition, and when to give up.</summary>
/// <param name="MaxRetries">Repetitions after the first attempt; negative is no end.</param>
/// <param name="MaxInterval">Upper bound of an exponential pause, by default a minute.</param>
/// <param name="HttpStatusCodes">The only app answers that are repeated, or null for every failure.</param>
internal sealed record RetryPolicy(
    bool Exponential,
    TimeSpan Duration,
    int MaxRetries,
    TimeSpan MaxInterval,
    IReadOnlyList<(int From, int To)>? HttpStatusCodes)
{
    // The runtime's library ends an exponential policy after that even when maxRetries says never.
    private static readonly TimeSpan MaxElapsed = TimeSpan.FromMinutes(15);

    // "duration" is for constant pauses only: an exponential policy can't begin with another one. The runtime makes its
    // pauses up to half shorter or longer at random; here they are what they are on average.
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

    /// <summary>Tells whether an answer with this status is repeated; null stands for no answer at all, which always is.</summary>
    public bool Repeats(int? status) =>
        status is null || HttpStatusCodes is null || HttpStatusCodes.Any(range => status >= range.From && status <= range.To);

    /// <exception cref="FormatException">It has a type, a duration or status codes that are none.</exception>
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
