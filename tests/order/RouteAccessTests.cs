using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests;

public sealed class RouteAccessTests(OrderServiceFixture fixture)
{
    [Fact]
    public async Task Every_route_but_health_and_the_document_has_a_policy()
    {
        await using var host = await fixture.StartAsync();

        Assert.Empty(RouteAccess.FindUnexpected(host.Services));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("")] // a forgotten setting opens no route
    public async Task No_route_but_health_can_be_called_without_a_token(string setting)
    {
        await using var host = await fixture.StartAsync(("environment", "Production"), ("Authentication:Enabled", setting));
        host.Start();
        using var client = host.Server.CreateClient();

        Assert.NotEmpty(RouteAccess.Requests(host.Services));
        Assert.Empty(await RouteAccess.FindOpenAsync(host.Services, client, TestContext.Current.CancellationToken));
    }
}
