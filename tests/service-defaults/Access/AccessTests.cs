using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;

namespace DaprOrders.ServiceDefaults.Tests.Access;

public sealed class AccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/open", HttpStatusCode.OK)]
    [InlineData("GET", "/forgotten", HttpStatusCode.Forbidden)]
    [InlineData("POST", "/open", HttpStatusCode.MethodNotAllowed)]
    [InlineData("GET", "/missing", HttpStatusCode.NotFound)]
    public async Task Route_without_a_policy_is_refused(string method, string path, HttpStatusCode expected)
    {
        await using var app = await StartAsync();

        using var response = await app.GetTestClient().SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancel);

        Assert.Equal(expected, response.StatusCode);
        if (expected is not HttpStatusCode.OK)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        }
    }

    [Theory]
    [InlineData("Development", "localhost", HttpStatusCode.OK)]
    [InlineData("Development", "127.0.0.1:8001", HttpStatusCode.OK)]
    [InlineData("Development", "[::1]:8001", HttpStatusCode.OK)]
    [InlineData("Development", "attacker.example", HttpStatusCode.BadRequest)]
    [InlineData("Development", "localhost.attacker.example", HttpStatusCode.BadRequest)]
    [InlineData("Production", "shop.example", HttpStatusCode.OK)]
    [InlineData("Production", "shop.example", HttpStatusCode.OK, "localhost;*.example")]
    [InlineData("Production", "attacker.test", HttpStatusCode.BadRequest, "localhost;*.example")]
    public async Task Request_for_another_host_is_refused(string environment, string host, HttpStatusCode expected, string? allowed = null)
    {
        await using var app = await StartAsync(environment, allowed);

        Assert.Equal(expected, await GetAsync(app, "/open", host));
        Assert.Equal(HttpStatusCode.OK, await GetAsync(app, "/healthz/live", host)); // probes send the address of the container
    }

    private static async Task<HttpStatusCode> GetAsync(WebApplication app, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        using var response = await app.GetTestClient().SendAsync(request, Cancel);
        return response.StatusCode;
    }

    private static async Task<WebApplication> StartAsync(string environment = "Production", string? allowedHosts = null)
    {
        var builder = WebApplication.CreateBuilder(
            ["--APP_ID", "test", "--environment", environment, "--AllowedHosts", allowedHosts ?? "", "--Serilog:MinimumLevel:Default", "Fatal"]);
        builder.AddServiceDefaults();
        builder.WebHost.UseTestServer();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapGet("/open", () => Results.Ok()).AllowAnonymous();
        app.MapGet("/forgotten", () => Results.Ok());
        await app.StartAsync(Cancel);
        return app;
    }
}
