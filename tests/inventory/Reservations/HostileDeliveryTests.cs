namespace DaprOrders.InventoryService.Tests.Reservations;

public sealed class HostileDeliveryTests(InventoryServiceFixture fixture)
{
    [Fact]
    public async Task Mutated_entry_of_a_delivery_affects_no_other()
    {
        await using var host = await fixture.StartAsync();

        await HostileDeliveries.SendAsync(host, 300);
    }
}
