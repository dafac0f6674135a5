using System.Text.Json;
using System.Xml.Linq;
using DaprOrders.Bench;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Bench;

public sealed class ReportTests
{
    [Fact]
    public void Rounds_are_merged_by_median_minimum_and_maximum()
    {
        var low = SampleResults.Of(SystemKind.Ours, 128, services: 100, endToEnd: 3000);
        var middle = SampleResults.Of(SystemKind.Ours, 128, services: 300, endToEnd: 1000);
        var high = SampleResults.Of(SystemKind.Ours, 128, services: 900, endToEnd: 2000);

        var summary = Summary.Of([low, high, middle]);

        Assert.Equal((300, 100, 900), (summary.Median.ServicesCpu, summary.Minimum.ServicesCpu, summary.Maximum.ServicesCpu));
        Assert.Equal("2,000 (1,000–3,000)", Tables.Spread(summary, round => round.EndToEndPerSecond));
    }

    [Fact]
    public void Headline_ratios_are_in_one_row_even_if_a_system_was_not_measured()
    {
        var results = SampleResults.Create(
            RuntimeKind.Dapr, SampleResults.Of(SystemKind.NoOp, 128, services: 200), SampleResults.Of(SystemKind.Ours, 128, services: 300, endToEnd: 1500));
        results.NotMeasured.Add("b3a627c: the commit is not in this clone");

        var tables = MarkdownReport.Of(results);

        Assert.Contains("| 128 | **1.50** | not measured | not measured | not measured |", tables, StringComparison.Ordinal);
        Assert.Contains("Not measured: b3a627c: the commit is not in this clone.", tables, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_has_tables_with_targets_charts_and_JSON()
    {
        var folder = Directory.CreateTempSubdirectory("dapr-orders-bench-").FullName;
        var results = SampleResults.Create(
            RuntimeKind.Dapr, SampleResults.Of(SystemKind.NoOp, 128, services: 200), SampleResults.Of(SystemKind.Ours, 128, services: 221, postgres: 99),
            SampleResults.AtRate(SystemKind.Ours, Names.Rate(100), 100, services: 300, notifiedP50: 12, notifiedP99: 30));
        results.Batch.Add(Summary.Of([SampleResults.Of(SystemKind.Ours, 4, services: 40) with { Name = Names.Batch(100) }]));

        results.Write(folder);

        var tables = File.ReadAllText(Path.Combine(folder, "results.md"));
        Assert.Contains("commit 0123abc, cores 2.", tables, StringComparison.Ordinal);
        Assert.Contains("| ours | 128 clients | **320** | 221 | 55 | 55 | 55 | 55 | 99 | 300 | 50 | 70 | 12.0 |", tables, StringComparison.Ordinal);
        Assert.Contains("| orders/s end to end, ours ÷ no-op, 128 clients | ≥ 1.5 | 1.00 | **missed** |", tables, StringComparison.Ordinal);
        Assert.Contains("| share of the load generator in the CPU time, largest | ≤ 15 % |", tables, StringComparison.Ordinal);
        Assert.Equal(["batch.svg", "cpu.svg", "latency.svg", "throughput.svg"], Directory.GetFiles(folder, "*.svg").Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(folder, "*.svg"), chart => XDocument.Load(chart));
        using var figures = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "results.json")));
        var order = figures.RootElement.GetProperty("comparison")[1].GetProperty("median").GetProperty("perOrder");
        Assert.Equal(2000, order.GetProperty(Counter.WalBytes).GetDouble());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Chart_escapes_characters_of_markup()
    {
        var plot = Chart.Create("a < b & c");

        Assert.Contains(XDocument.Parse(plot.ToSvg(200)).Descendants(), element => element.Value.Contains("a < b & c", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1000, 1000, 0, 1000, 0, null)]
    [InlineData(1003, 1003, 5, 1003, 5, null)] // some orders were stored although the client got no response
    [InlineData(999, 999, 0, 999, 0, "orders were lost")]
    [InlineData(1000, 999, 0, 1000, 0, "orders were lost")]
    [InlineData(1000, 1000, 0, 999, 0, "orders were lost")]
    [InlineData(1000, 1000, 11, 1000, 0, "over 1 %")]
    [InlineData(1000, 1000, 0, 1000, 11, "over 1 %")]
    public void Measurement_fails_if_an_order_is_lost_or_over_one_percent_fail(
        int orders, int settled, int rejected, int notified, int refused, string? expected)
    {
        var problem = new Counts(orders, settled, rejected, notified).FindProblem(accepted: 1000, refused);

        Assert.Equal(expected is null, problem is null);
        Assert.StartsWith(expected ?? "", problem ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rows", "0")]
    [InlineData("--runtime", "docker")]
    [InlineData("--bin", "/no/such/folder")]
    [InlineData("--only", "nothing")]
    [InlineData("--systems", "nothing")]
    [InlineData("--keys", "nothing")]
    [InlineData("--rounds", "0")]
    [InlineData("--output", "/etc/hostname")]
    public void Invalid_option_exits_with_1(string option, string value)
    {
        var (options, status) = CommandLine.Parse([option, value]);

        Assert.Null(options);
        Assert.Equal(1, status);
    }

    [Fact]
    public void Quick_run_compares_three_systems()
    {
        var (options, _) = CommandLine.Parse(["--quick"]);

        Assert.Equal([SystemKind.NoOp, SystemKind.Ours, SystemKind.SaveThenPublish], options!.Systems);
        Assert.Equal([Part.Compare, Part.Latency], options.Parts);
    }
}
