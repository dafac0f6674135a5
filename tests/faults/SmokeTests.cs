namespace DaprOrders.Faults.Tests;

/// <summary>Inflicts a few faults on one system, as the fast counterpart of <see cref="FaultTests"/>.</summary>
public sealed class SmokeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Each_service_the_broker_and_the_database_fail_once_and_no_order_is_lost()
    {
        AttachedSystem.Skip();

        var result = await FaultRun.RunAsync(Plans.Smoke, output.WriteLine);

        Assert.Empty(result.Violations);
        Assert.Empty(result.IdleConsumers);
        Assert.True(result.Orders >= Plans.Smoke.Orders, $"only {result.Orders} orders were placed");
    }
}
