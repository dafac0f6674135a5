using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_collected_without_a_setting()
    {
        await using var app = await StartAsync();
        using var metrics = await app.GetTestClient().GetAsync(new Uri("/metrics", UriKind.Relative), Cancel);

        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.Null(app.Services.GetService<MeterProvider>());
        Assert.Equal(HttpStatusCode.NotFound, metrics.StatusCode);
    }

    [Fact]
    public async Task Prometheus_setting_serves_the_metrics_and_collects_no_traces()
    {
        await using var app = await StartAsync("Metrics:Prometheus=true");
        using var client = app.GetTestClient();
        using var health = await client.GetAsync(new Uri("/healthz/live", UriKind.Relative), Cancel);
        var metrics = await client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancel);

        Assert.Null(app.Services.GetService<TracerProvider>());
        Assert.Contains("http_server_request_duration_seconds_count", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Endpoint_of_a_collector_turns_traces_and_metrics_on()
    {
        await using var app = await StartAsync("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1");

        Assert.NotNull(app.Services.GetService<TracerProvider>());
        Assert.NotNull(app.Services.GetService<MeterProvider>());
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317", "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4317.")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=collector", "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4317.")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=ftp://collector", "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4317.")]
    [InlineData("Metrics:Prometheus=yes", "Metrics:Prometheus must be true or false.")]
    public async Task Invalid_setting_prevents_the_start(string setting, string error)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(setting));

        Assert.Equal([error], exception.Failures);
    }

    private static async Task<WebApplication> StartAsync(params string[] settings)
    {
        var builder = WebApplication.CreateBuilder(["--APP_ID", "test", "--Serilog:MinimumLevel:Default", "Fatal", .. settings.Select(setting => $"--{setting}")]);
        builder.AddServiceDefaults();
        builder.WebHost.UseTestServer();
        var app = builder.Build();
        app.MapDefaultEndpoints();
        await app.StartAsync(Cancel);
        return app;
    }
}
