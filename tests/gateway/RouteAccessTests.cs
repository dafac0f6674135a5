using DaprOrders.Gateway.Tests.Access;
using DaprOrders.Testing;

namespace DaprOrders.Gateway.Tests;

public sealed class RouteAccessTests(SecuredGateway secured) : IClassFixture<SecuredGateway>
{
    [Fact]
    public async Task Every_route_but_health_and_the_document_has_a_policy()
    {
        await using var gateway = new GatewayHost();
        using var client = gateway.CreateClient();

        Assert.Empty(RouteAccess.FindUnexpected(gateway.Services));
    }

    [Fact]
    public async Task With_authentication_no_route_but_health_can_be_called_without_a_token()
    {
        var gateway = secured.Next();
        using var client = gateway.CreateClient();

        Assert.True(RouteAccess.Requests(gateway.Services).Count > 10);
        Assert.Empty(await RouteAccess.FindOpenAsync(gateway.Services, client, TestContext.Current.CancellationToken));
    }
}
