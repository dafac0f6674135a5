using DaprOrders.Bench.Systems;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace DaprOrders.Bench.Report;

/// <summary>Draws the CPU time per order, stacked by process, as an SVG.</summary>
internal static class CpuChart
{
    private static readonly (string Process, OxyColor Color)[] Parts =
    [
        ("gateway", OxyColor.Parse("#1b4f72")), ("order", OxyColor.Parse("#2e86c1")), ("inventory", OxyColor.Parse("#5dade2")),
        ("notification", OxyColor.Parse("#aed6f1")), (Usage.Postgres, OxyColor.Parse("#e67e22")), (Usage.Sidecars, OxyColor.Parse("#bdc3c7")),
        (Usage.Broker, OxyColor.Parse("#95a5a6")),
    ];

    public static string Of(Results results)
    {
        // The first bar is at the bottom.
        var bars = results.Comparison.OrderBy(measured => measured.Clients).ThenByDescending(measured => measured.System).ToList();
        var plot = new PlotModel { Title = "CPU per order by process, µs", Background = OxyColors.White, PlotAreaBorderThickness = new OxyThickness(0) };
        plot.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.BottomCenter, LegendOrientation = LegendOrientation.Horizontal });
        plot.Axes.Add(new LinearAxis { Position = AxisPosition.Bottom, Minimum = 0, MajorGridlineStyle = LineStyle.Solid, MajorGridlineColor = OxyColor.Parse("#ecf0f1") });
        var names = new CategoryAxis { Position = AxisPosition.Left, GapWidth = 0.4 };
        names.Labels.AddRange(bars.Select(bar => $"{bar.System.Name()}, {bar.Clients} clients"));
        plot.Axes.Add(names);
        foreach (var (process, color) in Parts.Where(part => bars.Exists(bar => bar.CpuPerOrder.ContainsKey(part.Process))))
        {
            var series = new BarSeries { Title = process, FillColor = color, IsStacked = true };
            series.Items.AddRange(bars.Select(bar => new BarItem(bar.CpuPerOrder.GetValueOrDefault(process))));
            plot.Series.Add(series);
        }

        return new SvgExporter { Width = 900, Height = 120 + (60 * bars.Count), IsDocument = true }.ExportToString(plot);
    }
}
