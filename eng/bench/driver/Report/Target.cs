using System.Globalization;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Report;

/// <summary>The target for a figure, and its measured value.</summary>
internal sealed record Target(string What, string Goal, string Measured, bool IsMet)
{
    private const double Megabyte = 1_000_000;

    /// <summary>
    /// Returns the targets of the parts that were measured. On the emulator they are CPU times per order instead of rates, because the emulator itself
    /// limits the rates.
    /// </summary>
    public static List<Target> Of(Results results)
    {
        List<Target> targets = [];
        if (results.Comparison.Count > 0)
        {
            targets.AddRange(results.Runtime is RuntimeKind.Dapr ? OnDapr(results) : OnEmulator(results));
        }

        if (results.Batch is [var singles, var batches])
        {
            targets.Add(AtLeast("orders/s end to end, batches against single POSTs", 3, batches.EndToEndPerSecond / singles.EndToEndPerSecond, "×"));
        }

        if (results.Growth.FirstOrDefault(measured => measured.Name == Names.NoOldRows) is { } empty
            && results.Growth.FirstOrDefault(measured => measured.Name == Names.OldRows) is { } full)
        {
            targets.Add(AtMost("CPU per order with old rows, against none", 1.10, (full.ServicesCpu + full.PostgresCpu) / (empty.ServicesCpu + empty.PostgresCpu), "×", "F2"));
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

    private static IEnumerable<Target> OnEmulator(Results results)
    {
        foreach (var (clients, services, postgres) in new[] { (128, 220, 100), (32, 350, 200) })
        {
            if (results.Of(SystemKind.Ours, clients) is not { } ours)
            {
                continue;
            }

            var noOp = results.Of(SystemKind.NoOp, clients) is { } noOpMeasured
                ? string.Create(CultureInfo.InvariantCulture, $" (no-op: {noOpMeasured.ServicesCpu:F0} µs)")
                : "";
            yield return AtMost($"CPU per order of the four services, {clients} clients", services, ours.ServicesCpu, " µs", "F0", noOp);
            yield return AtMost($"CPU per order of PostgreSQL, {clients} clients", postgres, ours.PostgresCpu, " µs", "F0");
            yield return AtMost($"backlog at the end of the load, {clients} clients, in seconds of orders", 1, ours.BacklogAtEnd / ours.AcceptedPerSecond, " s", "F2");
            yield return AtMost(
                $"peak RSS of the largest service, {clients} clients", 200, Usage.Services.Max(appId => ours.PeakRss[appId]) / Megabyte, " MB", "F0");
        }
    }

    private static IEnumerable<Target> OnDapr(Results results)
    {
        foreach (var (clients, share) in new[] { (128, 0.90), (32, 0.80) })
        {
            if (results.Of(SystemKind.Ours, clients) is not { } ours)
            {
                continue;
            }

            if (results.Of(SystemKind.NoOp, clients) is { } noOp)
            {
                yield return AtLeast($"orders/s end to end, ours/no-op, {clients} clients", share, ours.EndToEndPerSecond / noOp.EndToEndPerSecond, "");
            }

            if (results.Of(SystemKind.SaveThenPublish, clients) is { } saveThenPublish)
            {
                yield return AtLeast($"orders/s end to end, ours/save-then-publish, {clients} clients", 4, ours.EndToEndPerSecond / saveThenPublish.EndToEndPerSecond, "");
            }
        }

        if (results.Steady.FirstOrDefault(steady => steady.System is SystemKind.Ours) is { } latency)
        {
            yield return AtMost("accepted → notified at 100 orders/s, p50", 12, latency.P50, " ms", "F1");
            yield return AtMost("accepted → notified at 100 orders/s, p99", 30, latency.P99, " ms", "F1");
        }
    }

    private static Target AtMost(string what, double goal, double measured, string unit, string format, string suffix = "") => new(
        what, string.Create(CultureInfo.InvariantCulture, $"≤ {goal}{unit}"), measured.ToString(format, CultureInfo.InvariantCulture) + unit + suffix, measured <= goal);

    private static Target AtLeast(string what, double goal, double measured, string unit) => new(
        what, string.Create(CultureInfo.InvariantCulture, $"≥ {goal}{unit}"), measured.ToString("F2", CultureInfo.InvariantCulture) + unit, measured >= goal);
}
