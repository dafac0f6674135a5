using DaprOrders.Bench.Systems;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Legends;
using OxyPlot.Series;

namespace DaprOrders.Bench.Report;

/// <summary>The style that all charts share.</summary>
internal static class Chart
{
    private const int Width = 900;
    private const string Font = "Arial";

    /// <summary>The width of a letter. The exporter believes that letters are narrower than in a browser, so it leaves too little space.</summary>
    private const double LetterWidth = 6.4;


    private static readonly OxyColor Grid = OxyColor.Parse("#ecf0f1");

    public static OxyColor ColorOf(SystemKind system) => OxyColor.Parse(system switch
    {
        SystemKind.NoOp => "#5d6d7e",
        SystemKind.NoOpCoalesced => "#95a5a6",
        SystemKind.Baseline => "#8e44ad",
        SystemKind.Ours => "#1b4f72",
        SystemKind.OursNoCoalescing => "#2e86c1",
        SystemKind.OursNoSetBased => "#5dade2",
        SystemKind.OursPlain => "#117864",
        _ => "#e67e22",
    });

    public static PlotModel Create(string title)
    {
        var plot = new PlotModel { Title = title, Background = OxyColors.White, PlotAreaBorderThickness = new OxyThickness(0), DefaultFont = Font, Padding = new OxyThickness(8, 8, 24, 8) };
        plot.Legends.Add(new Legend { LegendPlacement = LegendPlacement.Outside, LegendPosition = LegendPosition.BottomCenter, LegendOrientation = LegendOrientation.Horizontal, LegendPadding = 24, LegendItemSpacing = 40, LegendLineSpacing = 8 });
        return plot;
    }

    public static LinearAxis LinearAxis(AxisPosition position, string title) => new()
    {
        Position = position,
        Title = title,
        AxisTitleDistance = 12,
        AxisTickToLabelDistance = 6,
        Minimum = 0,
        MinimumPadding = 0,
        MaximumPadding = 0.05,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Grid,
    };

    public static LogarithmicAxis LogarithmicAxis(AxisPosition position, string title) => new()
    {
        Position = position,
        Title = title,
        AxisTitleDistance = 12,
        AxisTickToLabelDistance = 6,
        MajorGridlineStyle = LineStyle.Solid,
        MajorGridlineColor = Grid,
        MinimumPadding = 0.05,
        MaximumPadding = 0.05,
        UseSuperExponentialFormat = false,
        StringFormat = "0.###",
    };

    /// <summary>Adds an axis with one bar per name. The first name is at the top.</summary>
    public static void AddNames(this PlotModel plot, IReadOnlyCollection<string> names)
    {
        var axis = new CategoryAxis { Position = AxisPosition.Left, GapWidth = 0.4, StartPosition = 1, EndPosition = 0, TickStyle = TickStyle.None };
        axis.Labels.AddRange(names);
        plot.Axes.Add(axis);
        plot.PlotMargins = new OxyThickness(names.Max(name => name.Length) * LetterWidth, double.NaN, double.NaN, double.NaN);
    }

    public static LineSeries Line(string title, OxyColor color, LineStyle style = LineStyle.Solid) => new()
    {
        Title = title,
        Color = color,
        LineStyle = style,
        StrokeThickness = 2,
        MarkerType = MarkerType.Circle,
        MarkerSize = 3.5,
        MarkerStroke = color,
        MarkerFill = style is LineStyle.Solid ? color : OxyColors.White,
    };

    /// <summary>Returns the chart as an SVG document.</summary>
    public static string ToSvg(this PlotModel plot, int height) => new SvgExporter { Width = Width, Height = height, IsDocument = true }.ExportToString(plot);

    /// <summary>Returns the height of a chart with this number of bars.</summary>
    public static int HeightOf(int bars) => 140 + (36 * bars);
}
