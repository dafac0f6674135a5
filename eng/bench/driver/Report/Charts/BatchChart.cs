using DaprOrders.Bench.Systems;
using OxyPlot;
using OxyPlot.Axes;

namespace DaprOrders.Bench.Report;

/// <summary>Draws the CPU time per order against the number of orders in a batch.</summary>
internal static class BatchChart
{
    private const int Height = 480;

    public static string Of(Results results)
    {
        var plot = Chart.Create("CPU time per order against batch size, µs");
        plot.Axes.Add(Chart.LogarithmicAxis(AxisPosition.Bottom, "orders per batch"));
        plot.Axes.Add(Chart.LinearAxis(AxisPosition.Left, ""));
        var batches = Names.BatchSizes.SelectMany(size => results.Batch.Where(summary => summary.Median.Name == Names.Batch(size)).Select(summary => (size, summary.Median))).ToList();
        foreach (var (title, color, cost) in new (string, string, Func<Measurement, double>)[]
        {
            ("four services", "#1b4f72", load => load.ServicesCpu),
            (Usage.Postgres, "#e67e22", load => load.PostgresCpu),
            (Usage.Sidecars, "#7f8c8d", load => load.CpuPerOrder.GetValueOrDefault(Usage.Sidecars)),
        })
        {
            var line = Chart.Line(title, OxyColor.Parse(color));
            line.Points.AddRange(batches.Select(batch => new DataPoint(batch.size, cost(batch.Median))));
            plot.Series.Add(line);
        }

        return plot.ToSvg(Height);
    }
}
