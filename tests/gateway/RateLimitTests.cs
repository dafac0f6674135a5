using System.Net;
using System.Net.Http.Json;
using DaprOrders.Gateway.Tests.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway.Tests;

public sealed class RateLimitTests
{
    private const string PermitsPerSecond = "RateLimit:PermitsPerSecond";
    private const int Requests = 60;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Requests_beyond_the_limit_are_429_with_their_key_and_Retry_After()
    {
        await using var gateway = new GatewayHost((PermitsPerSecond, "1"));
        var responses = await PostAllAsync(gateway);

        Assert.Contains(responses, response => response.StatusCode is HttpStatusCode.Created);
        var refused = responses.First(response => response.StatusCode is not HttpStatusCode.Created);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
        Assert.Contains("accepts 1 requests per second of one client", await refused.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal("1", Assert.Single(refused.Headers.GetValues("Retry-After")));
        Assert.Single(refused.Headers.GetValues("Idempotency-Key"));
        Assert.Equal(
            responses.Count(response => response.StatusCode is HttpStatusCode.Created), gateway.Sidecar.Server.LogEntries.Count);
    }

    [Fact]
    public async Task Requests_are_not_limited_by_default()
    {
        await using var gateway = new GatewayHost();
        Assert.All(await PostAllAsync(gateway), response => Assert.Equal(HttpStatusCode.Created, response.StatusCode));
    }

    [Fact]
    public async Task Health_checks_are_not_limited()
    {
        await using var gateway = new GatewayHost((PermitsPerSecond, "1"));
        using var client = gateway.CreateClient();

        var bodies = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => client.GetStringAsync(new Uri("/healthz/live", UriKind.Relative), Cancel)));

        Assert.All(bodies, body => Assert.Equal("Healthy", body));
    }

    [Fact]
    public async Task Responses_tell_the_limit_and_what_is_left_of_it()
    {
        await using var gateway = new GatewayHost((PermitsPerSecond, "5"));
        using var client = gateway.CreateClient();
        gateway.StubResponse("GET", "/v1.0/invoke/inventory/method/inventory", 200, "{}");

        using var first = await client.GetAsync(new Uri("/inventory", UriKind.Relative), Cancel);
        using var health = await client.GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);

        Assert.Equal(("5", "4", "1"), (Header(first, "RateLimit-Limit"), Header(first, "RateLimit-Remaining"), Header(first, "RateLimit-Reset")));
        Assert.False(health.Headers.Contains("RateLimit-Limit"));
        var refused = (await PostAllAsync(gateway)).First(response => response.StatusCode is HttpStatusCode.TooManyRequests);
        Assert.Equal(("5", "0", "1"), (Header(refused, "RateLimit-Limit"), Header(refused, "RateLimit-Remaining"), Header(refused, "RateLimit-Reset")));
    }

    [Fact]
    public async Task Each_subject_has_its_own_limit()
    {
        using var issuer = new TestIssuer();
        await using var gateway = new GatewayHost([.. issuer.Settings, (PermitsPerSecond, "1")]);
        var bob = issuer.Issue(change: token => token.Claims["sub"] = "bob");

        var alices = await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => SecuredGateway.SendAsync(gateway, "GET", "/missing", issuer.Issue())));
        using var bobs = await SecuredGateway.SendAsync(gateway, "GET", "/missing", bob);

        Assert.Contains(alices, response => response.StatusCode is HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.NotFound, bobs.StatusCode);
    }

    [Fact]
    public async Task Requests_with_a_bad_token_are_limited_by_address()
    {
        using var issuer = new TestIssuer();
        await using var gateway = new GatewayHost([.. issuer.Settings, (PermitsPerSecond, "1")]);

        var responses = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i => SecuredGateway.SendAsync(gateway, "GET", "/orders", $"guess {i}")));
        using var alices = await SecuredGateway.SendAsync(gateway, "GET", "/missing", issuer.Issue());

        Assert.Contains(responses, response => response.StatusCode is HttpStatusCode.Unauthorized);
        Assert.Contains(responses, response => response.StatusCode is HttpStatusCode.TooManyRequests);
        Assert.Equal(HttpStatusCode.NotFound, alices.StatusCode);
    }

    [Theory]
    [InlineData("203.0.113.7", "address 203.0.113.7")]
    [InlineData("::ffff:203.0.113.7", "address 203.0.113.7")]
    [InlineData("2001:db8:0:1::1", "network 20010DB800000001")]
    [InlineData("2001:db8:0:1:ffff::2", "network 20010DB800000001")]
    [InlineData("::1", "address ::1")]
    public void Addresses_of_one_client_are_counted_together(string address, string client)
    {
        Assert.Equal(client, RateLimiting.ClientOf(new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse(address) } }));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    public void Invalid_limit_prevents_the_start(string permits)
    {
        // The test starts no host: a host that fails may dispose its services before the test factory reads the exception.
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(
            new ConfigurationBuilder().AddInMemoryCollection([new(PermitsPerSecond, permits)]).Build());
        services.AddRateLimit();
        using var provider = services.BuildServiceProvider();

        var exception = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<IStartupValidator>().Validate);

        Assert.Contains("between 1 and 1000000", exception.Message, StringComparison.Ordinal);
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    private static async Task<HttpResponseMessage[]> PostAllAsync(GatewayHost gateway)
    {
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", "/v1.0/invoke/order/method/orders", 201, "{}");
        return await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ =>
            client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel)));
    }
}
