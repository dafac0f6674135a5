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
    public void Percentile_is_one_of_the_measured_times(double percentile, double expected) =>
        Assert.Equal(expected, Latencies.Percentile([4, 1, 3, 2], percentile));

    [Fact]
    public void Rounds_are_merged_by_median_and_memory_by_maximum()
    {
        var low = SampleResults.Of(SystemKind.Ours, 128, services: 100, endToEnd: 3000);
        var middle = SampleResults.Of(SystemKind.Ours, 128, services: 300, endToEnd: 1000);
        var high = SampleResults.Of(SystemKind.Ours, 128, services: 900, endToEnd: 2000) with
        {
            PeakRss = low.PeakRss.ToDictionary(peak => peak.Key, peak => 2 * peak.Value),
        };

        var median = Measurement.Median([low, high, middle]);

        Assert.Equal(300, median.ServicesCpu);
        Assert.Equal(2000, median.EndToEndPerSecond);
        Assert.Equal(200_000_000, median.PeakRss["order"]);
    }

    [Fact]
    public void Run_on_the_emulator_compares_CPU_per_order_with_targets()
    {
        var results = SampleResults.Create(
            RuntimeKind.Emulator,
            SampleResults.Of(SystemKind.NoOp, 128, services: 200),
            SampleResults.Of(SystemKind.Ours, 128, services: 219, postgres: 101, backlog: 1001));

        var targets = results.Targets.ToDictionary(target => target.What);

        Assert.True(targets["CPU per order of the four services, 128 clients"].IsMet);
        Assert.Equal("219 µs (no-op: 200 µs)", targets["CPU per order of the four services, 128 clients"].Measured);
        Assert.False(targets["CPU per order of PostgreSQL, 128 clients"].IsMet);
        Assert.False(targets["backlog at the end of the load, 128 clients, in seconds of orders"].IsMet);
        Assert.True(targets["peak RSS of the largest service, 128 clients"].IsMet);
    }

    [Fact]
    public void Run_on_Dapr_compares_rates_with_those_of_other_systems()
    {
        var results = SampleResults.Create(
            RuntimeKind.Dapr,
            SampleResults.Of(SystemKind.NoOp, 32, services: 200, endToEnd: 1000),
            SampleResults.Of(SystemKind.Ours, 32, services: 300, endToEnd: 790),
            SampleResults.Of(SystemKind.SaveThenPublish, 32, services: 900, endToEnd: 190));
        results.Steady.Add(new Steady(SystemKind.Ours, 100, 2000, P50: 12, P99: 31));

        var targets = results.Targets.ToDictionary(target => target.What, target => target.IsMet);

        Assert.False(targets["orders/s end to end, ours/no-op, 32 clients"]);
        Assert.True(targets["orders/s end to end, ours/save-then-publish, 32 clients"]);
        Assert.True(targets["accepted → notified at 100 orders/s, p50"]);
        Assert.False(targets["accepted → notified at 100 orders/s, p99"]);
    }

    [Fact]
    public void Report_has_tables_with_targets_a_chart_and_JSON()
    {
        var folder = Directory.CreateTempSubdirectory("dapr-orders-bench-").FullName;
        var results = SampleResults.Create(
            RuntimeKind.Emulator, SampleResults.Of(SystemKind.NoOp, 128, services: 200), SampleResults.Of(SystemKind.Ours, 128, services: 221, postgres: 99));

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
    public void Invalid_option_exits_with_1(string option, string value)
    {
        var (options, status) = BenchOptions.Parse([option, value]);

        Assert.Null(options);
        Assert.Equal(1, status);
    }
}
