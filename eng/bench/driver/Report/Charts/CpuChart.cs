using DaprOrders.Bench.Systems;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace DaprOrders.Bench.Report;

/// <summary>Draws the CPU time per order, stacked by process.</summary>
internal static class CpuChart
{
    private static readonly (string Process, OxyColor Color)[] Parts =
    [
        ("gateway", OxyColor.Parse("#1b4f72")), ("order", OxyColor.Parse("#2e86c1")), ("inventory", OxyColor.Parse("#5dade2")),
        ("notification", OxyColor.Parse("#aed6f1")), (Usage.Postgres, OxyColor.Parse("#e67e22")), (Usage.Sidecars, OxyColor.Parse("#bdc3c7")),
        (Usage.Broker, OxyColor.Parse("#7f8c8d")),
    ];

    public static string Of(Results results)
    {
        var loads = results.Comparison.Select(summary => summary.Median).ToList();
        var plot = Chart.Create("CPU time per order by process, µs");
        plot.Axes.Add(Chart.LinearAxis(AxisPosition.Bottom, ""));
        plot.AddNames([.. loads.Select(load => $"{load.System.Name()}, {load.Name}")]);
        foreach (var (process, color) in Parts.Where(part => loads.Exists(load => load.CpuPerOrder.ContainsKey(part.Process))))
        {
            var series = new BarSeries { Title = process, FillColor = color, IsStacked = true };
            series.Items.AddRange(loads.Select(load => new BarItem(load.CpuPerOrder.GetValueOrDefault(process))));
            plot.Series.Add(series);
        }

        return plot.ToSvg(Chart.HeightOf(loads.Count));
    }
}
