namespace DaprOrders.Faults.Tests;

/// <summary>Inflicts a few faults on one system. This is the fast version of <see cref="FaultTests"/>.</summary>
public sealed class SmokeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_order_is_lost_when_each_service_broker_and_database_fail()
    {
        AttachedSystem.Skip();

        var result = await FaultRun.RunAsync(Plans.Smoke, output.WriteLine);

        Assert.Empty(result.Violations);
        Assert.Empty(result.IdleConsumers);
        Assert.True(result.Orders >= Plans.Smoke.Orders, $"Only {result.Orders} orders were placed");
        Assert.True(result.Reads is { Orders: > 20, Lists: > 0 }, $"Clients read only {result.Reads.Orders} orders and {result.Reads.Lists} lists");
    }
}
