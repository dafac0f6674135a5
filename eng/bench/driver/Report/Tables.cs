using System.Globalization;
using System.Text;

namespace DaprOrders.Bench.Report;

/// <summary>Writes Markdown tables.</summary>
internal sealed class Tables
{
    private readonly StringBuilder _text = new();

    public void Line(string line) => _text.Append(line).Append('\n');

    public void Title(string title) => Line($"\n### {title}\n");

    /// <summary>Writes the head of a table. The first columns contain text, the others numbers.</summary>
    public void Head(int textColumns, params string[] names)
    {
        Row(names);
        Row([.. names.Select((_, column) => column < textColumns ? "---" : "---:")]);
    }

    public void Row(params string[] cells) => Line($"| {string.Join(" | ", cells)} |");

    public static string Number(double value, int digits = 0) => value.ToString($"N{digits}", CultureInfo.InvariantCulture);

    /// <summary>Returns the median with minimum and maximum, or only the figure of a single round.</summary>
    public static string Spread(Summary summary, Func<Measurement, double> figure, int digits = 0) => summary.Rounds == 1
        ? Number(figure(summary.Median), digits)
        : $"{Number(figure(summary.Median), digits)} ({Number(figure(summary.Minimum), digits)}–{Number(figure(summary.Maximum), digits)})";

    public override string ToString() => _text.ToString();
}
