using System.Buffers;
using System.Globalization;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Reads durations as the resource files write them: <c>200ms</c>, <c>1m30s</c>; a bare number is milliseconds.</summary>
internal static class GoDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    public static TimeSpan? Parse(string? text)
    {
        text = text?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }

        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(Digits);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            rest = rest[digits..];
            var letters = rest.IndexOfAny(Digits);
            var unit = letters < 0 ? rest : rest[..letters];
            if (TicksPerUnit(unit) is not { } ticks)
            {
                return null;
            }

            total += TimeSpan.FromTicks((long)(number * ticks));
            rest = rest[unit.Length..];
        }

        return total;
    }

    /// <summary>Writes a duration of whole milliseconds as Go writes it: <c>500ms</c>, <c>1m0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.FromSeconds(1))
        {
            return duration == TimeSpan.Zero ? "0s" : $"{(int)duration.TotalMilliseconds}ms";
        }

        var seconds = ((duration.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond).ToString("0.###", CultureInfo.InvariantCulture) + "s";
        return duration.TotalHours >= 1 ? $"{(int)duration.TotalHours}h{duration.Minutes}m{seconds}"
            : duration.TotalMinutes >= 1 ? $"{duration.Minutes}m{seconds}"
            : seconds;
    }

    private static double? TicksPerUnit(ReadOnlySpan<char> unit) => unit switch
    {
        "ns" => 0.01,
        "us" or "µs" => TimeSpan.TicksPerMicrosecond,
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        _ => null,
    };
}
