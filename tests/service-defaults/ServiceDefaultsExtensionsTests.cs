using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging.Testing;
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

    [Theory]
    [InlineData(false, HttpStatusCode.OK)]
    [InlineData(true, HttpStatusCode.ServiceUnavailable)]
    public async Task Unhealthy_sidecar_makes_a_service_unready_only_if_it_is_required(bool isRequired, HttpStatusCode expected)
    {
        using var sidecar = new SidecarStub();
        sidecar.Server.Given(Request.Create().WithPath("/v1.0/healthz/outbound")).AtPriority(1)
            .RespondWith(Response.Create().WithStatusCode(500).WithBody("ERR_HEALTH_NOT_READY"));
        await using var app = await StartAsync(sidecar.Url, isRequired);

        Assert.Equal((expected, "the sidecar responds 500: ERR_HEALTH_NOT_READY"), await SidecarAsync(app));
    }

    [Fact]
    public async Task Missing_sidecar_is_reported_and_the_process_is_live()
    {
        await using var app = await StartAsync($"http://127.0.0.1:{FreePort.Take()}");

        var (status, reason) = await SidecarAsync(app);
        using var live = await app.GetTestClient().GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.StartsWith("the sidecar cannot be reached", reason, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, live.StatusCode);
    }

    [Fact]
    public async Task Service_that_was_ready_once_stays_started()
    {
        using var sidecar = new SidecarStub();
        sidecar.Server.Given(Request.Create().WithPath("/v1.0/healthz/outbound")).AtPriority(1).InScenario("start").WillSetStateTo("up")
            .RespondWith(Response.Create().WithStatusCode(500));
        await using var app = await StartAsync(sidecar.Url, isSidecarRequired: true);
        using var client = app.GetTestClient();

        var statuses = new List<HttpStatusCode>();
        await Wait.UntilAsync("the start", async () =>
        {
            using var started = await client.GetAsync(new Uri("/healthz/started", UriKind.Relative), Cancel);
            statuses.Add(started.StatusCode);
            return started.StatusCode is HttpStatusCode.OK;
        });
        sidecar.Dispose();
        using var later = await client.GetAsync(new Uri("/healthz/started", UriKind.Relative), Cancel);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, statuses[0]);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
    }

    [Fact]
    public async Task Failing_check_is_measured_and_logged_once_and_its_recovery_is_logged()
    {
        var logger = new FakeLogger<HealthMonitor>();
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var monitor = new HealthMonitor(services.GetRequiredService<IMeterFactory>(), logger);
        using var failing = new MetricCollector<int>(services.GetRequiredService<IMeterFactory>(), HealthMonitor.MeterName, "health.failing");

        await monitor.PublishAsync(Report(HealthStatus.Degraded), Cancel);
        await monitor.PublishAsync(Report(HealthStatus.Degraded), Cancel);
        failing.RecordObservableInstruments();
        Assert.Equal(1, failing.LastMeasurement?.Value);
        await monitor.PublishAsync(Report(HealthStatus.Healthy), Cancel);
        failing.RecordObservableInstruments();

        Assert.Equal(0, failing.LastMeasurement?.Value);
        Assert.Equal(
            ["Health check outbox is Degraded: the oldest event has waited for 40 s", "Health check outbox is healthy again"],
            logger.Collector.GetSnapshot().Select(record => record.Message));

        static HealthReport Report(HealthStatus status) => new(
            new Dictionary<string, HealthReportEntry> { ["outbox"] = new(status, "the oldest event has waited for 40 s", TimeSpan.Zero, null, null) },
            TimeSpan.Zero);
    }

    [Fact]
    public async Task Service_listens_on_APP_PORT_of_the_loopback_interface_only()
    {
        var port = FreePort.Take();
        var builder = WebApplication.CreateBuilder(["--APP_ID", "test", "--APP_PORT", $"{port}", "--Serilog:MinimumLevel:Default", "Fatal"]);
        builder.AddServiceDefaults();
        await using var app = builder.Build();
        await app.StartAsync(Cancel);

        Assert.Equal([$"http://localhost:{port}"], app.Urls); // 127.0.0.1 and [::1]
    }

    private static async Task<WebApplication> StartAsync(string sidecar, bool isSidecarRequired = false)
    {
        var builder = WebApplication.CreateBuilder(
            ["--APP_ID", "test", "--DAPR_HTTP_ENDPOINT", sidecar, "--Serilog:MinimumLevel:Default", "Fatal"]);
        builder.AddServiceDefaults();
        if (isSidecarRequired)
        {
            builder.RequireSidecar();
        }

        builder.WebHost.UseTestServer();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync(Cancel);
        return app;
    }

    /// <summary>Returns the status of <c>/healthz/ready</c>, and the reason that it reports for the sidecar.</summary>
    private static async Task<(HttpStatusCode Status, string? Reason)> SidecarAsync(WebApplication app)
    {
        var result = (Status: default(HttpStatusCode), Reason: default(string));

        // The first check can time out on a busy machine.
        await Wait.UntilAsync("a health check that does not time out", async () =>
        {
            using var ready = await app.GetTestClient().GetAsync(new Uri("/healthz/ready", UriKind.Relative), Cancel);
            var failing = (await ready.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("failing");
            result = (ready.StatusCode, failing.TryGetProperty("sidecar", out var reason) ? reason.GetString() : null);
            return result.Reason != "no answer within 1 s";
        });
        return result;
    }
}
