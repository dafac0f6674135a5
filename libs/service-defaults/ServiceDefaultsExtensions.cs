using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Events;

namespace DaprOrders.ServiceDefaults;

/// <summary>Registers what every service has: logging, JSON, problem details, health endpoints, the OpenAPI document.</summary>
public static class ServiceDefaultsExtensions
{
    private const string SidecarCheck = "sidecar";
    private const string LogLine = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:l}{NewLine}{Exception}";

    /// <summary>Registers the defaults. The service listens on APP_PORT of the loopback interface if Dapr sets it.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ListenOnAppPort();
        builder.Services.AddSerilog((_, logger) => Configure(logger, builder.Configuration, builder.Environment));
        builder.AddContractDocument();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddDaprSidecar();
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = BadRequest.Complete);
        builder.Services.AddSingleton<ExceptionProblems>();
        builder.Services.AddHealthChecks().AddCheck<SidecarHealthCheck>(SidecarCheck, HealthStatus.Degraded);
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthMonitor>();
        // Thrown in every environment, so that ExceptionProblems can describe what is wrong and where.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.Configure<JsonOptions>(options => ApiJson.Configure(options.SerializerOptions));
        return builder;
    }

    /// <summary>Makes the service unready while its sidecar is unavailable, for a service whose requests need it. Otherwise it is degraded.</summary>
    public static void RequireSidecar(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure<HealthCheckServiceOptions>(
            options => options.Registrations.Single(check => check.Name == SidecarCheck).FailureStatus = HealthStatus.Unhealthy);
    }

    /// <summary>
    /// Adds the middleware of the defaults, and maps <c>/healthz/live</c> and <c>/healthz/ready</c>. Exceptions become problem details: a
    /// registered <see cref="Microsoft.AspNetCore.Diagnostics.IExceptionHandler"/> decides first, every other exception is a 500.
    /// </summary>
    public static void MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseSerilogRequestLogging(options => options.GetLevel = RequestLevel);
        app.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = app.Services.GetRequiredService<ExceptionProblems>().WriteAsync,
        });
        app.UseStatusCodePages();
        app.Use(BadRequest.RefuseCharsetAsync);
        app.MapHealthEndpoints();
    }

    /// <summary>Runs the service, or with <c>--openapi</c> only prints its OpenAPI document, which needs nothing but APP_ID.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunServiceAsync(this WebApplication app, string[] args)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (args.Contains("--openapi"))
        {
            await using (app)
            {
                await ContractDocument.PrintAsync(app);
            }

            return 0;
        }

        await app.RunAsync();
        return 0;
    }

    /// <summary>Listens where Dapr expects the app. Only its sidecar needs to reach it.</summary>
    private static void ListenOnAppPort(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int?>("APP_PORT") is { } port)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        }
    }

    /// <summary>In Development single orders are logged too, otherwise one line per batch.</summary>
    private static void Configure(LoggerConfiguration logger, IConfiguration configuration, IHostEnvironment environment) => logger
        .MinimumLevel.Is(environment.IsDevelopment() ? LogEventLevel.Debug : LogEventLevel.Information)
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("System", LogEventLevel.Warning)
        .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
        .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
        // EF Core logs every exception as an error, the expected ones too. The code that catches the exception logs what it means.
        .MinimumLevel.Override("Microsoft.EntityFrameworkCore", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.AspNetCore.Routing", LogEventLevel.Error) // the in-memory test server warns that it has no body limits
        .MinimumLevel.Override("Polly", LogEventLevel.Fatal) // the caller logs the result of the retries once
        .ReadFrom.Configuration(configuration)
        .WriteTo.Console(outputTemplate: LogLine, formatProvider: CultureInfo.InvariantCulture);

    /// <summary>Logs only failed requests: what a successful one did is logged by its handler.</summary>
    private static LogEventLevel RequestLevel(HttpContext context, double milliseconds, Exception? exception) =>
        context.Response.StatusCode < 500 || context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal)
            ? LogEventLevel.Verbose
            : LogEventLevel.Warning;
}
