using System.Net;
using DaprOrders.Testing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging.Tests.Access;

public sealed class AccessTests(MessagingFixture fixture)
{
    private const string NoEntries = """{"entries":[]}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("POST", "/events/noted")]
    [InlineData("POST", "/events/notes.dead")]
    [InlineData("GET", "/dead-letters")]
    [InlineData("POST", "/dead-letters/redrive?topic=noted")]
    [InlineData("POST", "/dead-letters/1/redrive")]
    [InlineData("DELETE", "/dead-letters?topic=noted")]
    [InlineData("DELETE", "/dead-letters/1")]
    public async Task Request_without_or_with_a_wrong_token_is_401(string method, string path)
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, method, path));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, method, path, ("dapr-api-token", "wrong"), ("Authorization", "Bearer wrong")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, method, path, ("dapr-api-token", ""), ("Authorization", "Bearer")));
    }

    [Theory]
    [InlineData("/events/noted")]
    [InlineData("/events/notes.dead")]
    public async Task Event_route_refuses_service_invocation_even_with_the_token(string path)
    {
        await using var host = await fixture.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(NoEntries) };
        request.Headers.Add("dapr-caller-app-id", "gateway");

        using var response = await host.Client.SendAsync(request, Cancel);

        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Every_route_has_a_policy()
    {
        await using var host = await fixture.StartAsync();

        var routes = host.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().ToList();

        Assert.NotEmpty(routes);
        Assert.All(routes, route => Assert.NotNull(route.Metadata.GetMetadata<IAuthorizeData>()));
    }

    [Fact]
    public async Task Health_names_a_sidecar_with_another_token_until_it_has_the_right_one()
    {
        await using var host = await fixture.StartAsync();
        Assert.Equal("Healthy", await host.HealthAsync("app-api-token"));

        await SendAsync(host, "POST", "/events/noted", ("dapr-api-token", "wrong"));
        Assert.Contains("/events/noted", await host.HealthAsync("app-api-token"), StringComparison.Ordinal);

        await host.Client.DeliverAsync("noted", Deliveries.Event("noted", new { text = "a", by = "k" }));
        Assert.Equal("Healthy", await host.HealthAsync("app-api-token"));
    }

    [Fact]
    public async Task Service_does_not_start_without_a_token_outside_Development()
    {
        var missing = await Assert.ThrowsAnyAsync<Exception>(() => fixture.StartAsync(settings: ("APP_API_TOKEN", "")));

        Assert.Contains("APP_API_TOKEN is not set", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_without_a_token_accepts_events_in_Development_and_logs_a_warning()
    {
        await using var host = await fixture.StartAsync(settings: [("APP_API_TOKEN", ""), ("environment", "Development")]);

        Assert.Equal(["SUCCESS"], await host.Client.DeliverAsync("noted", Deliveries.Event("noted", new { text = "a", by = "k" })));
        Assert.Contains(host.Warnings, warning => warning.Contains("APP_API_TOKEN is not set", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Operator_routes_are_closed_if_no_operator_token_is_set()
    {
        await using var host = await fixture.StartAsync(settings: ("Operator:Token", ""));

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, "GET", "/dead-letters", ("Authorization", "Bearer ")));
    }

    [Theory]
    [InlineData("gateway", MessagingHost.AppToken, HttpStatusCode.OK)]
    [InlineData("gateway", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("gateway", "", HttpStatusCode.Unauthorized)]
    [InlineData("order", MessagingHost.AppToken, HttpStatusCode.Unauthorized)]
    [InlineData("", MessagingHost.AppToken, HttpStatusCode.Unauthorized)]
    public async Task Operator_routes_accept_service_invocation_from_the_gateway_only(string caller, string token, HttpStatusCode expected)
    {
        await using var host = await fixture.StartAsync();

        Assert.Equal(expected, await SendAsync(host, "GET", "/dead-letters", ("dapr-caller-app-id", caller), ("dapr-api-token", token)));
    }

    [Fact]
    public async Task Operator_routes_refuse_the_gateway_if_it_does_not_check_its_clients()
    {
        await using var host = await fixture.StartAsync(settings: ("Authentication:Enabled", "false"));

        Assert.Equal(
            HttpStatusCode.Unauthorized,
            await SendAsync(host, "GET", "/dead-letters", ("dapr-caller-app-id", "gateway"), ("dapr-api-token", MessagingHost.AppToken)));
    }

    [Fact]
    public async Task Gateway_is_not_recognized_if_no_token_is_set()
    {
        await using var host = await fixture.StartAsync(settings: [("APP_API_TOKEN", ""), ("environment", "Development")]);

        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, "GET", "/dead-letters", ("dapr-caller-app-id", "gateway"), ("dapr-api-token", "")));
        Assert.Equal(HttpStatusCode.Unauthorized, await SendAsync(host, "GET", "/dead-letters", ("dapr-caller-app-id", "gateway")));
    }

    private static async Task<HttpStatusCode> SendAsync(MessagingHost host, string method, string path, params (string Name, string Value)[] headers)
    {
        using var client = host.App.GetTestClient();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = method == "POST" ? new StringContent(NoEntries) : null };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
