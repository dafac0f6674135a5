using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Serilog;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Exports traces, metrics and logs by OTLP if <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, and metrics for Prometheus at <c>/metrics</c> if
/// <c>Metrics:Prometheus</c> is true. Otherwise nothing is collected. The other <c>OTEL_*</c> variables work as OpenTelemetry defines them.
/// </summary>
/// <seealso href="https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/"/>
internal static class Telemetry
{
    private const string OwnSources = "DaprOrders.*";
    private const string Database = "Npgsql";

    /// <summary>The same for traces, metrics and logs. Otherwise a dashboard shows the service twice.</summary>
    private static readonly string InstanceId = $"{Guid.NewGuid()}";

    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<TelemetrySettings>()
            .Validate<IConfiguration>((_, configuration) => Endpoint(configuration) is null || SendsOtlp(configuration), "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4317.")
            .Validate<IConfiguration>((_, configuration) => Prometheus(configuration) is null || bool.TryParse(Prometheus(configuration), out var _), "Metrics:Prometheus must be true or false.")
            .ValidateOnStart();
        var (sendsOtlp, servesPrometheus) = (SendsOtlp(builder.Configuration), ServesPrometheus(builder.Configuration));
        if (!sendsOtlp && !servesPrometheus)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                ServiceName(builder.Configuration, builder.Environment.ApplicationName), serviceInstanceId: InstanceId))
            .WithMetrics(metrics => AddExporters(
                metrics.AddMeter(OwnSources, Database).AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddRuntimeInstrumentation(),
                sendsOtlp,
                servesPrometheus));
        if (sendsOtlp)
        {
            telemetry.WithTracing(traces => traces
                .AddSource(OwnSources, Database)
                .AddAspNetCoreInstrumentation(requests => requests.Filter = context => !IsOperational(context.Request.Path))
                .AddHttpClientInstrumentation(calls => calls.FilterHttpRequestMessage = _ => Activity.Current?.ParentId is not null) // no calls of background work
                .AddOtlpExporter());
        }
    }

    /// <summary>Maps <c>/metrics</c> if it is turned on.</summary>
    public static void MapMetrics(this WebApplication app)
    {
        if (ServesPrometheus(app.Configuration))
        {
            app.MapPrometheusScrapingEndpoint().AllowAnonymous();
        }
    }

    /// <summary>Also sends the log by OTLP, so that a dashboard shows the lines of a trace. The sink reads the <c>OTEL_*</c> variables.</summary>
    public static void SendLogs(this LoggerConfiguration logger, IConfiguration configuration, string applicationName)
    {
        if (SendsOtlp(configuration))
        {
            logger.WriteTo.OpenTelemetry(options => options.ResourceAttributes = new Dictionary<string, object>
            {
                ["service.name"] = ServiceName(configuration, applicationName),
                ["service.instance.id"] = InstanceId,
            });
        }
    }

    private static bool SendsOtlp(IConfiguration configuration) =>
        Uri.TryCreate(Endpoint(configuration), UriKind.Absolute, out var url) && url.Scheme is "http" or "https";

    private static bool ServesPrometheus(IConfiguration configuration) => bool.TryParse(Prometheus(configuration), out var isOn) && isOn;

    private static string? Endpoint(IConfiguration configuration) => configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 } endpoint ? endpoint : null;

    private static string? Prometheus(IConfiguration configuration) => configuration["Metrics:Prometheus"] is { Length: > 0 } setting ? setting : null;

    private static string ServiceName(IConfiguration configuration, string applicationName) =>
        configuration["OTEL_SERVICE_NAME"] ?? configuration["APP_ID"] ?? applicationName;

    /// <summary>Returns whether a path is called by health probes, by Prometheus, or by the sidecar when it starts.</summary>
    private static bool IsOperational(PathString path) =>
        path.StartsWithSegments("/healthz", StringComparison.Ordinal)
        || path.StartsWithSegments("/metrics", StringComparison.Ordinal)
        || path.StartsWithSegments("/dapr", StringComparison.Ordinal);

    private static void AddExporters(MeterProviderBuilder metrics, bool sendsOtlp, bool servesPrometheus)
    {
        if (sendsOtlp)
        {
            metrics.AddOtlpExporter();
        }

        if (servesPrometheus)
        {
            metrics.AddPrometheusExporter();
        }
    }

    /// <summary>Has no properties: its validation prevents a start with settings that are not valid.</summary>
    private sealed class TelemetrySettings;
}
