using DaprOrders.Testing;

namespace DaprOrders.InventoryService.Tests;

public sealed class RouteAccessTests(InventoryServiceFixture fixture)
{
    [Fact]
    public async Task Only_the_API_and_the_routes_of_each_service_are_public()
    {
        await using var host = await fixture.StartAsync();

        Assert.Empty(RouteAccess.FindUnexpected(host.Services, "/inventory"));
    }
}
