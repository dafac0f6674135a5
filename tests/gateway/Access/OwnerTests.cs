using System.Net;
using DaprOrders.ServiceDefaults;
using WireMock;

namespace DaprOrders.Gateway.Tests.Access;

public sealed class OwnerTests(SecuredGateway secured) : IClassFixture<SecuredGateway>
{
    private const string Id = "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";
    private const string Empty = """{"items":[],"next":null}""";
    private const string NotFound = """{"type":"urn:dapr-orders:problem:not-found","title":"Not found","status":404}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/orders")]
    [InlineData("GET", $"/orders/{Id}")]
    [InlineData("POST", "/orders")]
    [InlineData("POST", "/orders/batch")]
    public async Task Order_service_gets_the_subject_and_never_the_header_of_the_client(string method, string path)
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(gateway, method, path, secured.Issuer.Issue(), (Owner.Header, "bob"), ("daprorders-owner", "bob"));

        Assert.NotEmpty(Requests(gateway));
        Assert.All(Requests(gateway), request => Assert.Equal([TestIssuer.Subject], request.Headers![Owner.Header]));
    }

    [Theory]
    [InlineData("GET", "/orders")]
    [InlineData("POST", "/orders")]
    [InlineData("GET", "/inventory")]
    [InlineData("GET", "/notifications")]
    public async Task Without_authentication_no_owner_is_sent(string method, string path)
    {
        await using var gateway = new GatewayHost();

        using var response = await SecuredGateway.SendAsync(gateway, method, path, secured.Issuer.Issue(), (Owner.Header, "bob"));

        Assert.NotEmpty(Requests(gateway));
        Assert.All(Requests(gateway), request => Assert.False(request.Headers!.ContainsKey(Owner.Header)));
    }

    [Theory]
    [InlineData("auth0|4711@tenant/a:b,c;d=\"e\"")]
    [InlineData("~")]
    public async Task Subject_is_sent_unchanged(string subject)
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(gateway, "GET", "/orders", secured.Issuer.Issue(change: token => token.Claims["sub"] = subject));

        Assert.Equal([subject], Requests(gateway)[0].Headers![Owner.Header]);
    }

    [Fact]
    public async Task Token_is_not_forwarded()
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(gateway, "GET", "/orders", secured.Issuer.Issue());

        Assert.All(Requests(gateway), request => Assert.False(request.Headers!.ContainsKey("Authorization")));
    }

    [Fact]
    public async Task Notifications_are_listed_for_an_order_of_the_client()
    {
        var gateway = secured.Next();
        gateway.StubResponse("GET", $"/v1.0/invoke/order/method/orders/{Id}", 200, "{}");
        gateway.StubResponse("GET", "/v1.0/invoke/notification/method/notifications", 200, Empty);

        using var response = await SecuredGateway.SendAsync(
            gateway, "GET", $"/notifications?limit=5&order_id={Id}&cursor=a%26order_id%3Db&ORDER_ID2=x", secured.Issuer.Issue());

        Assert.Equal(Empty, await response.Content.ReadAsStringAsync(Cancel));
        var requests = Requests(gateway);
        Assert.Equal([TestIssuer.Subject], requests[0].Headers![Owner.Header]);
        Assert.EndsWith($"/notifications?order_id={Id}&limit=5&cursor=a%26order_id%3Db", requests[1].Url, StringComparison.Ordinal);
        Assert.False(requests[1].Headers!.ContainsKey(Owner.Header));
    }

    [Fact]
    public async Task Notifications_of_another_order_are_404_and_not_read()
    {
        var gateway = secured.Next();
        gateway.StubResponse("GET", $"/v1.0/invoke/order/method/orders/{Id}", 404, NotFound, "application/problem+json");

        using var response = await SecuredGateway.SendAsync(gateway, "GET", $"/notifications?order_id={Id}", secured.Issuer.Issue());

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Single(Requests(gateway));
    }

    [Theory]
    [InlineData("")]
    [InlineData("?order_id=")]
    [InlineData("?order_id=..%2Forders")]
    [InlineData($"?order_id={Id}&order_id={Id}")]
    public async Task Notifications_without_one_order_are_400(string query)
    {
        var gateway = secured.Next();

        using var response = await SecuredGateway.SendAsync(gateway, "GET", $"/notifications{query}", secured.Issuer.Issue());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("\"order_id\":[", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(Requests(gateway));
    }

    private static List<IRequestMessage> Requests(GatewayHost gateway) => [.. gateway.Sidecar.Server.LogEntries.Select(entry => entry.RequestMessage!)];
}
