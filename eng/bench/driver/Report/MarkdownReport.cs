using System.Globalization;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using static DaprOrders.Bench.Report.Tables;

namespace DaprOrders.Bench.Report;

/// <summary>Writes the results as Markdown tables.</summary>
internal static class MarkdownReport
{
    private static readonly string[] Processes = [.. Usage.OfSystem, Usage.Load];

    public static string Of(Results results)
    {
        var tables = new Tables();
        WriteConditions(tables, results);
        if (results.Comparison.Count > 0)
        {
            WriteRatios(tables, results);
            WriteRates(tables, "Orders a second at full load", results.Comparison);
            WriteCpu(tables, "CPU per order, µs", results.Comparison);
            WriteCounters(tables, "Per order: PostgreSQL", results.Comparison);
            WriteMemory(tables, results.Comparison);
        }

        WriteLatency(tables, results.Latency);
        foreach (var (title, measured) in new[] { ("Batch intake", results.Batch), ("Growth", results.Growth), ("Telemetry", results.Telemetry) })
        {
            if (measured.Count > 0)
            {
                WriteRates(tables, title, measured);
                WriteCpu(tables, $"{title}: CPU per order, µs", measured);
                WriteCounters(tables, $"{title}, per order: PostgreSQL", measured);
            }
        }

        WriteReads(tables, results.Reads);
        if (results.Starts.Count > 0)
        {
            tables.Title("Start to the first confirmed order");
            tables.Head(1, "started", "seconds");
            results.Starts.ForEach(start => tables.Row(start.What, Number(start.Seconds, 1)));
        }

        if (results.Targets.Count > 0)
        {
            tables.Title("Targets");
            tables.Head(4, "what", "target", "measured", "");
            results.Targets.ToList().ForEach(target => tables.Row(target.What, target.Goal, target.Measured, target.IsMet ? "met" : "**missed**"));
        }

        return tables.ToString();
    }

    private static void WriteConditions(Tables tables, Results results)
    {
        var rounds = results.Comparison.Concat(results.Latency).Select(summary => summary.Rounds).DefaultIfEmpty(1).Max();
        tables.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{results.At:yyyy-MM-dd}, {results.Runtime} runtime with {results.Broker}, {(results.IsPublished ? "published" : "built")}; {string.Join(", ", results.Versions.Select(version => $"{version.Key} {version.Value}"))}."));
        tables.Line($"{(rounds == 1 ? "One round" : $"Medians of {rounds} rounds in turns, with minimum and maximum")}. Idempotency keys of the clients: {(results.Keys is KeyKind.Random ? "random" : "none")}.");
        if (results.IsBesideOtherLoad)
        {
            tables.Line("\n**Other programs were allowed to use the machine: the figures are worthless.**");
        }

        results.NotMeasured.ForEach(system => tables.Line($"\nNot measured: {system}."));
        results.Failures.ForEach(failure => tables.Line($"\n**Failed**: {failure}"));
    }

    /// <summary>Both headline ratios are always shown together, because each alone flatters or belittles coalescing.</summary>
    private static void WriteRatios(Tables tables, Results results)
    {
        tables.Title("Orders/s end to end, ours ÷ other systems");
        tables.Head(1, "clients", "÷ no-op", "÷ no-op-coalesced", $"÷ {SystemKind.Baseline.Name()}", "÷ save-then-publish");
        foreach (var clients in results.Comparison.Select(summary => summary.Median.Clients).Distinct())
        {
            tables.Row(
                [$"{clients}", .. new[] { SystemKind.NoOp, SystemKind.NoOpCoalesced, SystemKind.Baseline, SystemKind.SaveThenPublish }
                    .Select(other => Target.RateRatio(results, other, clients) is { } ratio ? $"**{Number(ratio, 2)}**" : "not measured")]);
        }
    }

    private static void WriteRates(Tables tables, string title, List<Summary> measured)
    {
        tables.Title(title);
        tables.Head(2, "system", "load", "orders", "accepted/s", "end to end/s", "backlog at the end", "POST p50 ms", "POST p99 ms", "load generator's share");
        measured.ForEach(load => tables.Row(
            load.Median.System.Name(), load.Median.Name, Number(load.Median.Orders), Number(load.Median.AcceptedPerSecond),
            Spread(load, round => round.EndToEndPerSecond), Number(load.Median.BacklogAtEnd), Number(load.Median.Latency[Latencies.Response].P50, 1),
            Number(load.Median.Latency[Latencies.Response].P99, 1), LoadShare(load.Median)));
    }

    private static void WriteCpu(Tables tables, string title, List<Summary> measured)
    {
        var processes = Processes.Where(name => measured.Exists(load => load.Median.CpuPerOrder.ContainsKey(name))).ToList();
        tables.Title(title);
        tables.Head(2, ["system", "load", "**services and PostgreSQL**", "four services", .. processes, "other", "context switches"]);
        measured.ForEach(load => tables.Row(
        [
            load.Median.System.Name(), load.Median.Name, $"**{Spread(load, round => round.ServicesCpu + round.PostgresCpu)}**", Spread(load, round => round.ServicesCpu),
            .. processes.Select(name => Number(load.Median.CpuPerOrder.GetValueOrDefault(name))), Number(load.Median.CpuPerOrder.GetValueOrDefault(Usage.Other)),
            Number(Switches(load.Median), 1),
        ]));
    }

    private static void WriteCounters(Tables tables, string title, List<Summary> measured)
    {
        var counted = measured.Where(load => load.Median.PerOrder.Count > 0).ToList();
        if (counted.Count == 0)
        {
            return;
        }

        tables.Title(title);
        tables.Head(2, "system", "load", "WAL bytes", "page images in the WAL", "transactions", "disk bytes", "orders per group", "events per reservation", "orders per settlement", "events per notification");
        counted.ForEach(load => tables.Row(
            load.Median.System.Name(), load.Median.Name, Spread(load, round => round.PerOrder.GetValueOrDefault(Counter.WalBytes)),
            Number(load.Median.PerOrder.GetValueOrDefault(Counter.PageImages), 2), Number(load.Median.PerOrder.GetValueOrDefault(Counter.Transactions), 2),
            Number(load.Median.PerOrder.Where(figure => figure.Key.StartsWith(Counter.Disk, StringComparison.Ordinal)).Sum(figure => figure.Value)),
            Batch(load.Median, Counter.OrdersPerGroup), Batch(load.Median, Counter.EventsPerReservation), Batch(load.Median, Counter.OrdersPerSettlement), Batch(load.Median, Counter.EventsPerNotification)));

        static string Batch(Measurement measured, string name) => measured.Batches.TryGetValue(name, out var size) ? Number(size, 1) : "";
    }

    private static void WriteMemory(Tables tables, List<Summary> measured)
    {
        var processes = Processes.Where(name => measured.Exists(load => load.Median.PeakRss.ContainsKey(name))).ToList();
        tables.Title("Peak RSS, MB");
        tables.Head(1, ["system", .. processes]);
        foreach (var system in measured.GroupBy(load => load.Median.System))
        {
            tables.Row([system.Key.Name(), .. processes.Select(name => Number(system.Max(load => load.Maximum.PeakRss.GetValueOrDefault(name)) / 1e6))]);
        }
    }

    private static void WriteLatency(Tables tables, List<Summary> measured)
    {
        if (measured.Count == 0)
        {
            return;
        }

        tables.Title("At constant rates: p50 / p99 in ms, from when the request was due unless noted");
        tables.Head(
            2, "system", "rate", "orders/s", "response", "settled", "notified", "accepted → settled", "accepted → notified", "CPU per order without the load, µs",
            "context switches", "load generator's share");
        measured.ForEach(load => tables.Row(
        [
            load.Median.System.Name(), load.Median.Name, Number(load.Median.Rate ?? 0),
            .. new[] { Latencies.Response, Latencies.Settled, Latencies.Notified, Latencies.AcceptedToSettled }
                .Select(name => $"{Number(load.Median.Latency[name].P50, 1)} / {Number(load.Median.Latency[name].P99, 1)}"),
            $"{Spread(load, round => round.Latency[Latencies.AcceptedToNotified].P50, 1)} / {Spread(load, round => round.Latency[Latencies.AcceptedToNotified].P99, 1)}",
            Spread(load, round => round.SystemCpu), Number(Switches(load.Median), 1), LoadShare(load.Median),
        ]));
        WriteCpu(tables, "At constant rates: CPU per order, µs", measured);
    }

    private static void WriteReads(Tables tables, List<ReadTime> reads)
    {
        if (reads.Count > 0)
        {
            tables.Title("Queries");
            tables.Head(1, "query", "old rows", "p50 ms", "p99 ms");
            reads.ForEach(read => tables.Row(read.What, Number(read.Rows), Number(read.Time.P50, 2), Number(read.Time.P99, 2)));
        }
    }

    private static double Switches(Measurement measured) => Usage.OfSystem.Sum(name => measured.SwitchesPerOrder.GetValueOrDefault(name));

    private static string LoadShare(Measurement measured) =>
        $"{Number(100 * measured.LoadShare)} %{(measured.LoadShare > Measurement.LargestLoadShare ? " **too much**" : "")}";
}
