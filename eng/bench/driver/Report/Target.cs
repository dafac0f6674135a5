using System.Globalization;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Report;

/// <summary>The target for a figure, and its measured value.</summary>
internal sealed record Target(string What, string Goal, string Measured, bool IsMet)
{
    private static readonly string HalfOfMaximum = Names.ShareOfMaximum(0.5);

    /// <summary>Returns the targets of what was measured. Those of the comparison count on Dapr only, because the emulator itself limits the rates.</summary>
    public static List<Target> Of(Results results)
    {
        List<Target> targets = results.Runtime is RuntimeKind.Dapr ? [.. Rates(results), .. Costs(results), .. Delays(results)] : [];
        var measured = ((IEnumerable<List<Summary>>)[results.Comparison, results.Latency, results.Batch, results.Growth]).SelectMany(summaries => summaries).ToList();
        if (measured.Count > 0)
        {
            targets.Add(AtMost("share of the load generator in the CPU time, largest", 100 * Measurement.LargestLoadShare, 100 * measured.Max(summary => summary.Median.LoadShare), " %", "F0"));
        }

        if (Find(results.Growth, Names.OldRows) is { } full && Find(results.Growth, Names.NoOldRows) is { } empty)
        {
            targets.Add(AtMost("services and PostgreSQL, CPU per order with old rows ÷ without", 1.10, Cost(full) / Cost(empty), "", "F2"));
        }

        if (results.Starts.FirstOrDefault(start => start.What == Names.Published) is { } published)
        {
            targets.Add(AtMost("start to the first confirmed order, published", 6, published.Seconds, " s", "F1"));
        }

        if (results.Idle is { } idle)
        {
            targets.Add(AtMost("idle CPU of the four services, of one core", 2, 100 * idle, " %", "F2"));
        }

        return targets;
    }

    /// <summary>Returns the ratio of the orders per second end to end; null if one of the systems was not measured.</summary>
    public static double? RateRatio(Results results, SystemKind other, int clients) =>
        results.AtClients(SystemKind.Ours, clients) is { } ours && results.AtClients(other, clients) is { } compared
            ? ours.EndToEndPerSecond / compared.EndToEndPerSecond
            : null;

    private static IEnumerable<Target> Rates(Results results)
    {
        foreach (var (other, clients, goal) in new[]
        {
            (SystemKind.NoOp, 128, 1.5), (SystemKind.NoOpCoalesced, 128, 0.5), (SystemKind.NoOp, 32, 1.3), (SystemKind.NoOpCoalesced, 32, 0.6),
            (SystemKind.SaveThenPublish, 128, 8), (SystemKind.SaveThenPublish, 32, 5),
        })
        {
            if (RateRatio(results, other, clients) is { } ratio)
            {
                yield return AtLeast($"orders/s end to end, ours ÷ {other.Name()}, {clients} clients", goal, ratio);
            }
        }
    }

    private static IEnumerable<Target> Costs(Results results)
    {
        if (results.AtClients(SystemKind.Ours, 128) is { } ours && results.AtClients(SystemKind.Baseline, 128) is { } baseline)
        {
            yield return AtMost($"services and PostgreSQL, CPU per order, ours ÷ {SystemKind.Baseline.Name()}, 128 clients", 0.4, Cost(ours) / Cost(baseline), "", "F2");
        }

        if (results.AtRate(SystemKind.Ours, Names.Rate(100)) is { } slow && results.AtRate(SystemKind.NoOp, Names.Rate(100)) is { } noOp)
        {
            yield return AtMost("CPU per order without the load, ours ÷ no-op, 100/s", 1.3, slow.SystemCpu / noOp.SystemCpu, "", "F2");
        }
    }

    private static IEnumerable<Target> Delays(Results results)
    {
        foreach (var rate in new[] { Names.Rate(50), Names.Rate(100) })
        {
            if (results.AtRate(SystemKind.Ours, rate) is { } ours && results.AtRate(SystemKind.NoOp, rate) is { } noOp)
            {
                var (own, other) = (ours.Latency[Latencies.AcceptedToNotified], noOp.Latency[Latencies.AcceptedToNotified]);
                yield return AtMost($"accepted → notified, p50, ours ÷ no-op, {rate}", 2.5, own.P50 / other.P50, "", "F2", Milliseconds(own.P50, other.P50));
                yield return AtMost($"accepted → notified, p99, ours ÷ no-op, {rate}", 2, own.P99 / other.P99, "", "F2", Milliseconds(own.P99, other.P99));
            }
        }

        if (results.AtRate(SystemKind.Ours, HalfOfMaximum) is { } half)
        {
            yield return AtMost($"accepted → settled, p99, ours at {HalfOfMaximum}", 150, half.Latency[Latencies.AcceptedToSettled].P99, " ms", "F0");
        }
    }

    private static Measurement? Find(List<Summary> summaries, string name) => summaries.Find(summary => summary.Median.Name == name)?.Median;

    private static double Cost(Measurement measured) => measured.ServicesCpu + measured.PostgresCpu;

    private static string Milliseconds(double own, double other) => string.Create(CultureInfo.InvariantCulture, $" ({own:F1} ÷ {other:F1} ms)");

    private static Target AtMost(string what, double goal, double measured, string unit, string format, string suffix = "") => new(
        what, string.Create(CultureInfo.InvariantCulture, $"≤ {goal}{unit}"), measured.ToString(format, CultureInfo.InvariantCulture) + unit + suffix, measured <= goal);

    private static Target AtLeast(string what, double goal, double measured) => new(
        what, string.Create(CultureInfo.InvariantCulture, $"≥ {goal}"), measured.ToString("F2", CultureInfo.InvariantCulture), measured >= goal);
}
