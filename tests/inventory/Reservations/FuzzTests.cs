namespace DaprOrders.InventoryService.Tests.Reservations;

[Trait("Form", "fuzz")]
public sealed class FuzzTests(InventoryServiceFixture fixture, ITestOutputHelper output)
{
    private const int Many = 100_000;
    private const long MaxGrowth = 64 << 20;

    [Fact(Explicit = true)]
    public async Task Many_mutated_deliveries_affect_no_other_and_leak_no_memory()
    {
        await using var host = await fixture.StartAsync();
        await HostileDeliveries.SendAsync(host, Many / 10);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await HostileDeliveries.SendAsync(host, Many);

        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine(
            $"{Many:N0} deliveries, {await host.QueryAsync<long>("SELECT count(*) FROM dead_letters"):N0} dead letters, memory {growth / (1 << 20):+0;-0} MiB");
        Assert.InRange(growth, long.MinValue, MaxGrowth);
    }
}
