using System.Net;
using DaprOrders.Gateway.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Gateway.Tests.Access;

public sealed class ScopeTests(SecuredGateway secured) : IClassFixture<SecuredGateway>
{
    private const string Id = "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/orders", "orders.read")]
    [InlineData("GET", $"/orders/{Id}", "orders.read")]
    [InlineData("POST", "/orders", "orders.write")]
    [InlineData("POST", "/orders/batch", "orders.write")]
    [InlineData("GET", "/inventory", "orders.read")]
    [InlineData("GET", "/inventory/item-1", "orders.read")]
    [InlineData("GET", $"/notifications?order_id={Id}", "orders.read")]
    [InlineData("GET", "/services/order/dead-letters", "operate")]
    [InlineData("DELETE", "/services/inventory/dead-letters?topic=a", "operate")]
    [InlineData("POST", "/services/notification/dead-letters/redrive?topic=a", "operate")]
    [InlineData("GET", "/services/order/dead-letters/1", "operate")]
    [InlineData("DELETE", "/services/order/dead-letters/1", "operate")]
    [InlineData("POST", "/services/order/dead-letters/1/redrive", "operate")]
    public async Task Route_requires_its_scope_and_no_other(string method, string path, string scope)
    {
        var gateway = secured.Next();
        var others = string.Join(' ', Scopes.All.Where(other => other != scope));

        using var allowed = await SecuredGateway.SendAsync(gateway, method, path, secured.Issuer.Issue(scope));
        Assert.NotEmpty(gateway.Sidecar.Server.LogEntries);
        gateway.Sidecar.Reset();
        using var refused = await SecuredGateway.SendAsync(gateway, method, path, secured.Issuer.Issue(others));

        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Contains($"The token does not have the scope {scope}.", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    [Theory]
    [InlineData("scope", "orders.read orders.write")]
    [InlineData("scp", "orders.write orders.read")]
    [InlineData("scope", "orders.write", "orders.read")]
    [InlineData("scp", "orders.read", "orders.write")]
    public async Task Scopes_are_read_from_both_claims_as_text_and_as_list(string claim, params string[] values)
    {
        var token = IssueWith(claim, values.Length == 1 ? values[0] : values);

        using var response = await SecuredGateway.SendAsync(secured.Next(), "GET", "/inventory", token);

        Assert.NotEqual(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Theory]
    [InlineData("scope", "")]
    [InlineData("scope", "orders.reader xorders.read")]
    [InlineData("scope", "ORDERS.READ")]
    [InlineData("scope", "orders.read,orders.write")]
    [InlineData("roles", "orders.read")]
    public async Task Other_texts_are_not_the_scope(string claim, string value)
    {
        using var response = await SecuredGateway.SendAsync(secured.Next(), "GET", "/inventory", IssueWith(claim, value));

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Every_route_but_health_requires_a_scope()
    {
        var gateway = secured.Next();
        using var client = gateway.CreateClient();

        var routes = gateway.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => !route.RoutePattern.RawText!.StartsWith("/healthz/", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(routes);
        Assert.All(routes, route => Assert.Contains(route.Metadata.GetMetadata<IAuthorizeData>()?.Policy, Scopes.All));
    }

    [Fact]
    public async Task Without_authentication_dead_letters_stay_closed()
    {
        await using var gateway = new GatewayHost();

        using var response = await SecuredGateway.SendAsync(gateway, "GET", "/services/order/dead-letters", null);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Contains("Authentication:Enabled", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(gateway.Sidecar.Server.LogEntries);
    }

    private string IssueWith(string claim, object value) => secured.Issuer.Issue(change: token =>
    {
        token.Claims.Remove("scope");
        token.Claims[claim] = value;
    });
}
