using System.Globalization;

namespace DaprOrders.Faults.Tests;

/// <summary>The short form: every kind of fault, thousands of orders. <c>FAULTS_SEED</c> repeats a run.</summary>
public sealed class FaultTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Under_forty_faults_of_every_kind_no_order_is_lost_doubled_or_oversold()
    {
        OwnSystem.Require();
        var plan = Plans.Full(Seed(), faults: 42, orders: 5_200);

        var result = await FaultRun.RunAsync(plan, Say);

        Assert.Empty(result.Violations);
        Assert.Equal(plan.Faults, result.Faults);
        Assert.All(plan.Kinds, kind => Assert.True(result.HitsByKind[kind.Name] > 0, $"{kind} hit no order in flight"));
        Assert.True(result.Orders >= plan.Orders, $"only {result.Orders} orders were placed");
    }

    private static int Seed() =>
        Environment.GetEnvironmentVariable("FAULTS_SEED") is { Length: > 0 } seed
            ? int.Parse(seed, CultureInfo.InvariantCulture)
            : Random.Shared.Next(1, 1_000_000);

    private void Say(string line)
    {
        output.WriteLine(line);
        Console.WriteLine(line);
    }
}
