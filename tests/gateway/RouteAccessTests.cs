using DaprOrders.Testing;

namespace DaprOrders.Gateway.Tests;

public sealed class RouteAccessTests
{
    [Fact]
    public async Task Only_the_API_and_the_routes_of_each_service_are_public()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();

        Assert.Empty(RouteAccess.FindUnexpected(gateway.Services, "/orders", "/inventory", "/notifications"));
    }
}
