using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Upgrades a service while the system runs.</summary>
internal static class UpgradeFaults
{
    /// <summary>
    /// Replaces the instances of order one after the other by a version with another column and another event field. Until the end, both versions
    /// use the same database and the same topics.
    /// </summary>
    public static readonly FaultKind RollingUpgrade = new()
    {
        Name = "rolling upgrade of order that adds a column and an event field",
        IsLong = true,
        Draw = Draws.Everything(0, 0),
        WhyNot = environment => environment.HasSources ? null : "The new version is compiled from the sources, which a published suite does not have.",
        InflictAsync = async (context, _) =>
        {
            context.Upgrade!.Install();
            foreach (var instance in context.Running.Where(instance => instance.AppId == OrderUpgrade.AppId))
            {
                await context.Stack.Runtime.StopAsync(instance);
                await context.Stack.Runtime.StartAsync(instance);
                await RecoveryWatch.UntilReadyAsync([instance]);
            }

            await Wait.UntilAsync("an order of the new version", async () =>
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
                return await context.Stack.QueryAsync("orders_db", $"SELECT EXISTS (SELECT FROM orders WHERE {OrderUpgrade.Column} IS NOT NULL)") is true;
            });
        },
    };
}
