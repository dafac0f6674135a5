using System.Net;
using DaprOrders.Gateway.Tests.Access;

namespace DaprOrders.Gateway.Tests.Routes;

public sealed class DeadLetterRoutesTests(SecuredGateway secured) : IClassFixture<SecuredGateway>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/services/order/dead-letters?topic=a%26b&limit=5", "order", "dead-letters")]
    [InlineData("GET", "/services/inventory/dead-letters/17", "inventory", "dead-letters/17")]
    [InlineData("POST", "/services/notification/dead-letters/redrive?topic=a%26b", "notification", "dead-letters/redrive")]
    [InlineData("POST", "/services/ORDER/dead-letters/17/redrive", "order", "dead-letters/17/redrive")]
    [InlineData("DELETE", "/services/order/dead-letters?topic=a%26b", "order", "dead-letters")]
    public async Task Request_is_forwarded_with_its_query(string method, string path, string service, string forwarded)
    {
        var gateway = secured.Next();
        gateway.StubResponse(method, $"/v1.0/invoke/{service}/method/{forwarded}", 200, """{"items":[]}""");

        using var response = await SecuredGateway.SendAsync(gateway, method, path, secured.Issuer.Issue("operate"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("""{"items":[]}""", await response.Content.ReadAsStringAsync(Cancel));
        var url = Assert.Single(gateway.Sidecar.Server.LogEntries).RequestMessage!.Url;
        Assert.EndsWith(path.Split('?') is [_, var query] ? $"{forwarded}?{query}" : forwarded, url, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(204, HttpStatusCode.NoContent)]
    [InlineData(409, HttpStatusCode.Conflict)]
    [InlineData(401, HttpStatusCode.BadGateway)] // the tokens of the services differ; the client's token is valid
    [InlineData(403, HttpStatusCode.BadGateway)]
    public async Task Response_of_the_service_reaches_the_operator(int status, HttpStatusCode expected)
    {
        var gateway = secured.Next();
        gateway.StubResponse("DELETE", "/v1.0/invoke/order/method/dead-letters/17", status, status == 204 ? "" : "{}", "application/problem+json");

        using var response = await SecuredGateway.SendAsync(gateway, "DELETE", "/services/order/dead-letters/17", secured.Issuer.Issue("operate"));

        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("/services/gateway/dead-letters")]
    [InlineData("/services/payment/dead-letters")]
    [InlineData("/services/order/dead-letters/x")]
    [InlineData("/services/order/dead-letters/..%2F..%2Forders")]
    [InlineData("/services/order.other/dead-letters")]
    public async Task Other_path_is_404(string path)
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(gateway, "GET", path, secured.Issuer.Issue("operate"));

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }
}
