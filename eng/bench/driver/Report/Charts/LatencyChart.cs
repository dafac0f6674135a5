using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using OxyPlot;
using OxyPlot.Axes;

namespace DaprOrders.Bench.Report;

/// <summary>Draws the time from the intended request to the notification against the rate.</summary>
internal static class LatencyChart
{
    private const int Height = 520;

    public static string Of(Results results)
    {
        var plot = Chart.Create("Request due → notified, ms (solid: p99, dashed: p50)");
        plot.Axes.Add(Chart.LogarithmicAxis(AxisPosition.Bottom, "orders per second"));
        plot.Axes.Add(Chart.LogarithmicAxis(AxisPosition.Left, ""));
        foreach (var system in results.Latency.Select(summary => summary.Median).GroupBy(load => load.System))
        {
            var loads = system.OrderBy(load => load.Rate).ToList();
            var (p99, p50) = (Chart.Line(system.Key.Name(), Chart.ColorOf(system.Key)), Chart.Line("", Chart.ColorOf(system.Key), LineStyle.Dash));
            p50.RenderInLegend = false;
            p99.Points.AddRange(loads.Select(load => new DataPoint(load.Rate ?? 0, load.Latency[Latencies.Notified].P99)));
            p50.Points.AddRange(loads.Select(load => new DataPoint(load.Rate ?? 0, load.Latency[Latencies.Notified].P50)));
            plot.Series.Add(p99);
            plot.Series.Add(p50);
        }

        return plot.ToSvg(Height);
    }
}
