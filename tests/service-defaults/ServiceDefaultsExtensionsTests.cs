using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class ServiceDefaultsExtensionsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Service_with_a_healthy_sidecar_is_ready()
    {
        using var sidecar = new SidecarStub();
        await using var app = await StartAsync(sidecar.Url);

        Assert.Equal((HttpStatusCode.OK, null), await SidecarAsync(app));
    }

    [Fact]
    public async Task Unhealthy_sidecar_is_reported_with_its_own_words()
    {
        using var sidecar = new SidecarStub();
        sidecar.Server.Given(Request.Create().WithPath("/v1.0/healthz/outbound")).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500).WithBody("ERR_HEALTH_NOT_READY"));
        await using var app = await StartAsync(sidecar.Url);

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "the sidecar answers 500: ERR_HEALTH_NOT_READY"), await SidecarAsync(app));
    }

    [Fact]
    public async Task Absent_sidecar_is_reported_and_the_process_is_alive()
    {
        await using var app = await StartAsync($"http://127.0.0.1:{FreePort.Take()}");

        var (status, reason) = await SidecarAsync(app);
        using var live = await app.GetTestClient().GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.StartsWith("the sidecar cannot be reached", reason, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task Service_listens_on_APP_PORT_of_the_loopback_interface_only()
    {
        var port = FreePort.Take();
        var builder = WebApplication.CreateBuilder(["--APP_ID", "test", "--APP_PORT", $"{port}", "--Serilog:MinimumLevel:Default", "Fatal"]);
        builder.AddServiceDefaults();
        await using var app = builder.Build();
        await app.StartAsync(Cancel);

        Assert.Equal([$"http://127.0.0.1:{port}"], app.Urls);
    }

    private static async Task<WebApplication> StartAsync(string sidecar)
    {
        var builder = WebApplication.CreateBuilder(
            ["--APP_ID", "test", "--DAPR_HTTP_ENDPOINT", sidecar, "--Serilog:MinimumLevel:Default", "Fatal"]);
        builder.AddServiceDefaults();
        builder.WebHost.UseTestServer();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync(Cancel);
        return app;
    }

    /// <summary>Returns the status of <c>/healthz/ready</c>, and what it says of the sidecar.</summary>
    private static async Task<(HttpStatusCode Status, string? Reason)> SidecarAsync(WebApplication app)
    {
        var answer = (Status: default(HttpStatusCode), Reason: default(string));
        await Wait.UntilAsync("a health check that was in time, which the first one on a busy machine is not", async () =>
        {
            using var ready = await app.GetTestClient().GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);
            var failing = (await ready.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("failing");
            answer = (ready.StatusCode, failing.TryGetProperty("sidecar", out var reason) ? reason.GetString() : null);
            return answer.Reason != "no answer within 1 s";
        });
        return answer;
    }
}
