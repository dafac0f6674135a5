namespace DaprOrders.Faults.Tests;

/// <summary>Inflicts a few faults on one system. This is the fast version of <see cref="FaultTests"/>.</summary>
public sealed class SmokeTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_order_is_lost_when_each_service_broker_and_database_fail()
    {
        AttachedSystem.Skip();
        var schedule = FaultSchedule.Create(Plans.Smoke);
        var log = new List<string>();

        var result = await FaultRun.RunAsync(Plans.Smoke, line =>
        {
            log.Add(line);
            output.WriteLine(line);
        });

        Assert.Empty(result.Violations);
        Assert.Empty(result.IdleConsumers);
        Assert.True(result.Orders >= Plans.Smoke.Orders, $"Only {result.Orders} orders were placed");
        Assert.True(result.Reads is { Orders: > 20, Lists: > 0 }, $"Clients read only {result.Reads.Orders} orders and {result.Reads.Lists} lists");
        Assert.Equal(schedule.Hash, result.ScheduleHash);
        Assert.Equal(
            schedule.Faults.Select(fault => $"  {fault}"),
            log.Where(line => line.Contains(": inflicted at ", StringComparison.Ordinal)).Select(line => line.Split(": inflicted at ")[0]));
    }
}
