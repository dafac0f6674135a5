using System.Globalization;
using System.Text;
using DaprOrders.Bench.Systems;

namespace DaprOrders.Bench.Report;

/// <summary>Writes the results as Markdown tables.</summary>
internal static class MarkdownReport
{
    private static readonly string[] Processes = [.. Usage.Services, Usage.Postgres, Usage.Sidecars, Usage.Broker, Usage.Load];

    public static string Of(Results results)
    {
        var text = new StringBuilder();
        Line(text, $"{results.At:yyyy-MM-dd}, {results.Machine}, {(results.IsPublished ? "published" : "built")}, {results.Runtime} runtime, {results.Broker}. Medians of the rounds.");
        if (results.Comparison.Count > 0)
        {
            Rates(text, "Orders a second and latency", results.Comparison);
            Cpu(text, "CPU per order, µs", results.Comparison);
            Memory(text, results.Comparison);
        }

        if (results.Steady.Count > 0)
        {
            Title(text, "Accepted → notified");
            Row(text, "system", "orders/s", "p50 ms", "p99 ms");
            Row(text, "---", "---:", "---:", "---:");
            results.Steady.ForEach(steady => Row(text, steady.System.Name(), Number(steady.PerSecond), Number(steady.P50, 1), Number(steady.P99, 1)));
        }

        foreach (var (title, measured) in new[] { ("Batch intake", results.Batch), ("Growth", results.Growth), ("Telemetry", results.Telemetry) })
        {
            if (measured.Count > 0)
            {
                Rates(text, title, measured);
                Cpu(text, $"{title}: CPU per order, µs", measured);
            }
        }

        if (results.Starts.Count > 0)
        {
            Title(text, "Start to the first confirmed order");
            Row(text, "started", "seconds");
            Row(text, "---", "---:");
            results.Starts.ForEach(start => Row(text, start.What, Number(start.Seconds, 1)));
        }

        if (results.Targets.Count > 0)
        {
            Title(text, "Targets");
            Row(text, "what", "target", "measured", "");
            Row(text, "---", "---", "---", "---");
            results.Targets.ToList().ForEach(target => Row(text, target.What, target.Goal, target.Measured, target.IsMet ? "met" : "**missed**"));
        }

        return text.ToString();
    }

    private static void Rates(StringBuilder text, string title, List<Measurement> measured)
    {
        Title(text, title);
        Row(text, "system", "", "orders", "accepted/s", "end to end/s", "backlog at the end", "POST p50 ms", "POST p99 ms");
        Row(text, "---", "---", "---:", "---:", "---:", "---:", "---:", "---:");
        measured.ForEach(load => Row(
            text, load.System.Name(), load.Name, Number(load.Orders), Number(load.AcceptedPerSecond), Number(load.EndToEndPerSecond), Number(load.BacklogAtEnd),
            Number(load.PostP50, 1), Number(load.PostP99, 1)));
    }

    private static void Cpu(StringBuilder text, string title, List<Measurement> measured)
    {
        var processes = Processes.Where(name => measured.Exists(load => load.CpuPerOrder.ContainsKey(name))).ToList();
        Title(text, title);
        Row(text, ["system", "", "**four services**", .. processes]);
        Row(text, ["---", "---", .. processes.Select(_ => "---:"), "---:"]);
        measured.ForEach(load => Row(
            text, [load.System.Name(), load.Name, $"**{Number(load.ServicesCpu)}**", .. processes.Select(name => Number(load.CpuPerOrder.GetValueOrDefault(name)))]));
    }

    private static void Memory(StringBuilder text, List<Measurement> measured)
    {
        var processes = Processes.Where(name => measured.Exists(load => load.PeakRss.ContainsKey(name))).ToList();
        Title(text, "Peak RSS, MB");
        Row(text, ["system", .. processes]);
        Row(text, ["---", .. processes.Select(_ => "---:")]);
        foreach (var system in measured.GroupBy(load => load.System))
        {
            Row(text, [system.Key.Name(), .. processes.Select(name => Number(system.Max(load => load.PeakRss.GetValueOrDefault(name)) / 1e6))]);
        }
    }

    private static void Title(StringBuilder text, string title) => Line(text, $"\n### {title}\n");

    private static void Row(StringBuilder text, params string[] cells) => Line(text, $"| {string.Join(" | ", cells)} |");

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    private static string Number(double value, int digits = 0) => value.ToString($"N{digits}", CultureInfo.InvariantCulture);
}
