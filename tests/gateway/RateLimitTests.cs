using System.Net;
using System.Net.Http.Json;
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

    private static async Task<HttpResponseMessage[]> PostAllAsync(GatewayHost gateway)
    {
        using var client = gateway.CreateClient();
        gateway.StubResponse("POST", "/v1.0/invoke/order/method/orders", 201, "{}");
        return await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ =>
            client.PostAsJsonAsync("/orders", new { item_id = "item-123", quantity = 1 }, Cancel)));
    }
}
