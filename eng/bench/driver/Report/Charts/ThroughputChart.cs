using DaprOrders.Bench.Systems;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace DaprOrders.Bench.Report;

/// <summary>Draws the orders per second of each system, with a line from the lowest to the highest round.</summary>
internal static class ThroughputChart
{
    public static string Of(Results results)
    {
        var plot = Chart.Create("Orders per second, end to end (median; line: lowest to highest round)");
        plot.IsLegendVisible = false;
        plot.Axes.Add(Chart.LinearAxis(AxisPosition.Bottom, ""));
        plot.AddNames([.. results.Comparison.Select(load => $"{load.Median.System.Name()}, {load.Median.Name}")]);
        var bars = new BarSeries { LabelPlacement = LabelPlacement.Base, LabelFormatString = " {0:0}", TextColor = OxyColors.White };
        bars.Items.AddRange(results.Comparison.Select(load => new BarItem(load.Median.EndToEndPerSecond) { Color = Chart.ColorOf(load.Median.System) }));
        plot.Series.Add(bars);
        for (var bar = 0; bar < results.Comparison.Count; bar++)
        {
            var spread = new LineSeries { Color = OxyColors.Black, StrokeThickness = 1.5 };
            spread.Points.AddRange([new(results.Comparison[bar].Minimum.EndToEndPerSecond, bar), new(results.Comparison[bar].Maximum.EndToEndPerSecond, bar)]);
            plot.Series.Add(spread);
        }

        return plot.ToSvg(Chart.HeightOf(results.Comparison.Count));
    }
}
