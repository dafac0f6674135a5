using System.Text.Json;
using DaprOrders.Bench;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Bench;

public sealed class ReportTests
{
    [Theory]
    [InlineData(50, 2)]
    [InlineData(99, 4)]
    [InlineData(100, 4)]
    [InlineData(1, 1)]
    public void A_percentile_is_a_time_that_was_measured(double percentile, double expected) =>
        Assert.Equal(expected, Latencies.Percentile([4, 1, 3, 2], percentile));

    [Fact]
    public void The_median_of_the_rounds_is_taken_of_each_figure_and_the_peak_of_all()
    {
        var low = Measured.Of(SystemKind.Ours, 128, services: 100, endToEnd: 3000);
        var middle = Measured.Of(SystemKind.Ours, 128, services: 300, endToEnd: 1000);
        var high = Measured.Of(SystemKind.Ours, 128, services: 900, endToEnd: 2000) with
        {
            PeakRss = low.PeakRss.ToDictionary(peak => peak.Key, peak => 2 * peak.Value),
        };

        var median = Measurement.Median([low, high, middle]);

        Assert.Equal(300, median.ServicesCpu);
        Assert.Equal(2000, median.EndToEndPerSecond);
        Assert.Equal(200_000_000, median.PeakRss["order"]);
    }

    [Fact]
    public void On_the_emulator_CPU_per_order_is_compared_with_its_targets_and_no_op()
    {
        var results = Measured.Results(
            RuntimeKind.Emulator,
            Measured.Of(SystemKind.NoOp, 128, services: 200),
            Measured.Of(SystemKind.Ours, 128, services: 219, postgres: 101, backlog: 1001));

        var targets = results.Targets.ToDictionary(target => target.What);

        Assert.True(targets["CPU per order of the four services, 128 clients"].IsMet);
        Assert.Equal("219 µs (no-op: 200 µs)", targets["CPU per order of the four services, 128 clients"].Measured);
        Assert.False(targets["CPU per order of PostgreSQL, 128 clients"].IsMet);
        Assert.False(targets["backlog at the end of the load, 128 clients, in seconds of orders"].IsMet);
        Assert.True(targets["peak RSS of the largest service, 128 clients"].IsMet);
    }

    [Fact]
    public void On_Dapr_rates_are_held_against_those_of_the_others()
    {
        var results = Measured.Results(
            RuntimeKind.Dapr,
            Measured.Of(SystemKind.NoOp, 32, services: 200, endToEnd: 1000),
            Measured.Of(SystemKind.Ours, 32, services: 300, endToEnd: 790),
            Measured.Of(SystemKind.SaveThenPublish, 32, services: 900, endToEnd: 190));
        results.Steady.Add(new Steady(SystemKind.Ours, 100, 2000, P50: 12, P99: 31));

        var targets = results.Targets.ToDictionary(target => target.What, target => target.IsMet);

        Assert.False(targets["orders/s end to end, ours/no-op, 32 clients"]);
        Assert.True(targets["orders/s end to end, ours/save-then-publish, 32 clients"]);
        Assert.True(targets["accepted → notified at 100 orders/s, p50"]);
        Assert.False(targets["accepted → notified at 100 orders/s, p99"]);
    }

    [Fact]
    public void The_tables_say_of_each_target_whether_it_is_met_and_the_chart_and_the_figures_lie_beside_them()
    {
        var folder = Directory.CreateTempSubdirectory("dapr-orders-bench-").FullName;
        var results = Measured.Results(
            RuntimeKind.Emulator, Measured.Of(SystemKind.NoOp, 128, services: 200), Measured.Of(SystemKind.Ours, 128, services: 221, postgres: 99));

        results.Write(folder);

        var tables = File.ReadAllText(Path.Combine(folder, "results.md"));
        Assert.Contains("| ours | 128 clients | **221** | 55 | 55 | 55 | 55 | 99 | 300 | 50 |", tables, StringComparison.Ordinal);
        Assert.Contains("| CPU per order of the four services, 128 clients | ≤ 220 µs | 221 µs (no-op: 200 µs) | **missed** |", tables, StringComparison.Ordinal);
        Assert.Contains("| CPU per order of PostgreSQL, 128 clients | ≤ 100 µs | 99 µs | met |", tables, StringComparison.Ordinal);
        Assert.StartsWith("<?xml", File.ReadAllText(Path.Combine(folder, "cpu.svg")), StringComparison.Ordinal);
        using var figures = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "results.json")));
        Assert.Equal(2, figures.RootElement.GetProperty("comparison").GetArrayLength());
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(1000, 1000, 0, 1000, 0, null)]
    [InlineData(1003, 1003, 5, 1003, 5, null)] // some that got no answer are there all the same
    [InlineData(999, 999, 0, 999, 0, "orders were lost")]
    [InlineData(1000, 999, 0, 1000, 0, "orders were lost")]
    [InlineData(1000, 1000, 0, 999, 0, "orders were lost")]
    [InlineData(1000, 1000, 11, 1000, 0, "over 1 %")]
    [InlineData(1000, 1000, 0, 1000, 11, "over 1 %")]
    public void A_measurement_of_a_thousand_orders_fails_when_one_is_lost_or_over_one_percent_go_wrong(
        int orders, int settled, int rejected, int notified, int refused, string? expected)
    {
        var complaint = new Counts(orders, settled, rejected, notified).Complaint(accepted: 1000, refused);

        Assert.Equal(expected is null, complaint is null);
        Assert.StartsWith(expected ?? "", complaint ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rows", "0")]
    [InlineData("--runtime", "docker")]
    [InlineData("--bin", "/no/such/folder")]
    [InlineData("--only", "nothing")]
    [InlineData("--systems", "nothing")]
    public void What_is_wrong_on_the_command_line_ends_it_with_1(string option, string value)
    {
        var (options, status) = BenchOptions.Parse([option, value]);

        Assert.Null(options);
        Assert.Equal(1, status);
    }
}
