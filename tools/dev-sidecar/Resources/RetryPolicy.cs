using System.Globalization;

namespace DaprOrders.DevSidecar.Resources;

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

    public static RetryPolicy Read(YamlMap map)
    {
        var exponential = map.Text("policy") == "exponential";
        return new RetryPolicy(
            exponential,
            GoDuration.Parse(map.Text("duration")) ?? (exponential ? TimeSpan.FromMilliseconds(500) : TimeSpan.FromSeconds(5)),
            int.TryParse(map.Text("maxRetries"), CultureInfo.InvariantCulture, out var retries) ? retries : -1,
            GoDuration.Parse(map.Text("maxInterval")) ?? TimeSpan.FromMinutes(1),
            Ranges(map.Map("matching")?.Text("httpStatusCodes")));
    }

    private static List<(int From, int To)>? Ranges(string? codes)
    {
        if (string.IsNullOrWhiteSpace(codes))
        {
            return null;
        }

        var ranges = new List<(int From, int To)>();
        foreach (var part in codes.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-', 2);
            if (int.TryParse(ends[0], out var from) && int.TryParse(ends[^1], out var to))
            {
                ranges.Add((from, to));
            }
        }

        return ranges;
    }
}
