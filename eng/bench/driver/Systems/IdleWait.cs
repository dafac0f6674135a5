using System.Diagnostics;

namespace DaprOrders.Bench.Systems;

/// <summary>Waits until a system is idle, so that the vacuum, compaction and collections after a load do not disturb the next measurement.</summary>
internal static class IdleWait
{
    /// <summary>The share of one core that an idle system may use. The polling of sidecars and broker needs part of it.</summary>
    private const double IdleCores = 0.3;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task UntilIdleAsync(ProcessGroups processes)
    {
        var started = Stopwatch.GetTimestamp();
        do
        {
            var before = Used();
            await Task.Delay(Interval);
            if ((Used() - before).TotalSeconds < IdleCores * Interval.TotalSeconds)
            {
                return;
            }
        }
        while (Stopwatch.GetElapsedTime(started) < Limit);

        Progress.Write($"The system is still busy after {Limit.TotalSeconds:F0} s; measuring anyway");

        TimeSpan Used() => processes.ReadCpu().Where(used => used.Key is not Usage.Load).Aggregate(TimeSpan.Zero, (sum, used) => sum + used.Value);
    }
}
