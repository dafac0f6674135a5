using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Bench;

public sealed class TargetTests
{
    [Fact]
    public void Rates_and_costs_are_compared_with_other_systems_of_the_same_run()
    {
        var targets = Of(SampleResults.Create(
            RuntimeKind.Dapr,
            SampleResults.Of(SystemKind.NoOp, 128, services: 200, endToEnd: 1000),
            SampleResults.Of(SystemKind.NoOpCoalesced, 128, services: 100, endToEnd: 4000),
            SampleResults.Of(SystemKind.Baseline, 128, services: 800, postgres: 200),
            SampleResults.Of(SystemKind.Ours, 128, services: 290, postgres: 100, endToEnd: 1600),
            SampleResults.Of(SystemKind.SaveThenPublish, 128, services: 900, endToEnd: 200)));

        Assert.True(targets["orders/s end to end, ours ÷ no-op, 128 clients"].IsMet);
        Assert.False(targets["orders/s end to end, ours ÷ no-op-coalesced, 128 clients"].IsMet);
        Assert.True(targets["orders/s end to end, ours ÷ save-then-publish, 128 clients"].IsMet);
        Assert.Equal("0.39", targets["services and PostgreSQL, CPU per order, ours ÷ b3a627c, 128 clients"].Measured);
        Assert.True(targets["services and PostgreSQL, CPU per order, ours ÷ b3a627c, 128 clients"].IsMet);
    }

    [Fact]
    public void Delays_and_cost_at_a_constant_rate_are_compared_with_the_no_op_system()
    {
        var targets = Of(SampleResults.Create(
            RuntimeKind.Dapr,
            SampleResults.AtRate(SystemKind.NoOp, Names.Rate(100), 100, services: 500, notifiedP50: 8, notifiedP99: 40),
            SampleResults.AtRate(SystemKind.Ours, Names.Rate(100), 100, services: 600, notifiedP50: 19, notifiedP99: 90),
            SampleResults.AtRate(SystemKind.Ours, Names.ShareOfMaximum(0.5), 700, services: 300, notifiedP50: 20, notifiedP99: 140)));

        Assert.True(targets["accepted → notified, p50, ours ÷ no-op, 100/s"].IsMet);
        Assert.False(targets["accepted → notified, p99, ours ÷ no-op, 100/s"].IsMet);
        Assert.Equal("2.25 (90.0 ÷ 40.0 ms)", targets["accepted → notified, p99, ours ÷ no-op, 100/s"].Measured);
        Assert.True(targets["CPU per order without the load, ours ÷ no-op, 100/s"].IsMet);
        Assert.True(targets["accepted → settled, p99, ours at 50 % of its maximum"].IsMet);
    }

    [Fact]
    public void Emulator_has_no_targets_for_rates()
    {
        var results = SampleResults.Create(
            RuntimeKind.Emulator, SampleResults.Of(SystemKind.NoOp, 128, services: 200), SampleResults.Of(SystemKind.Ours, 128, services: 300));

        Assert.Equal(["share of the load generator in the CPU time, largest"], Of(results).Keys);
    }

    [Fact]
    public void Expensive_load_generator_misses_its_target_and_is_marked()
    {
        var ours = SampleResults.Of(SystemKind.Ours, 128, services: 300);
        var results = SampleResults.Create(
            RuntimeKind.Dapr, ours with { CpuPerOrder = ours.CpuPerOrder.ToDictionary(cpu => cpu.Key, cpu => cpu.Key == Usage.Load ? 150 : cpu.Value) });

        Assert.False(Of(results)["share of the load generator in the CPU time, largest"].IsMet);
        Assert.Contains("| 20 % **too much** |", MarkdownReport.Of(results), StringComparison.Ordinal);
    }

    [Fact]
    public void Cost_with_old_rows_is_compared_with_the_cost_without()
    {
        var results = SampleResults.Create(RuntimeKind.Emulator);
        results.Growth.Add(Summary.Of([SampleResults.Of(SystemKind.Ours, 128, services: 300, postgres: 100) with { Name = Names.NoOldRows }]));
        results.Growth.Add(Summary.Of([SampleResults.Of(SystemKind.Ours, 128, services: 330, postgres: 110) with { Name = Names.OldRows }]));

        Assert.Equal("1.10", Of(results)["services and PostgreSQL, CPU per order with old rows ÷ without"].Measured);
    }

    private static Dictionary<string, Target> Of(Results results) => results.Targets.ToDictionary(target => target.What);
}
