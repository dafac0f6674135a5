using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace DaprOrders.ServiceDefaults;

/// <summary>Registers what every service needs: logging, JSON, problem details, health endpoints and the settings of the OpenAPI document.</summary>
public static class ServiceDefaultsExtensions
{
    private const string SidecarCheck = "sidecar";
    private const string LogLine = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:l}{NewLine}{Exception}";

    /// <summary>Registers the defaults. The service listens on APP_PORT of the loopback interface if Dapr sets it.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ListenOnAppPort();
        builder.RaiseKestrelLimits();
        builder.Services.Configure<HostFilteringOptions>(options => options.AllowedHosts = ["*"]); // HostFilter exempts the health routes
        builder.Services.AddSerilog((_, logger) => Configure(logger, builder));
        builder.AddTelemetry();
        builder.AddOpenApiDefaults();
        builder.LeaveOutHostedServices();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddDaprSidecar();
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
            Problem.Complete(context.ProblemDetails, BadRequestHandler.DescribeLimit(context.HttpContext)));
        builder.Services.AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        builder.Services.AddExceptionHandler<BadRequestHandler>();
        builder.Services.AddAccessDefaults();
        builder.Services.AddSingleton<BackgroundWork>();
        builder.Services.AddHealthChecks()
            .AddCheck<SidecarHealthCheck>(SidecarCheck, HealthStatus.Degraded)
            .AddCheck<BackgroundWork>("background", HealthStatus.Degraded);
        builder.Services.AddSingleton<IHealthCheckPublisher, HealthMonitor>();
        // In every environment, so that BadRequestHandler gets the exception with the path and the position.
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
    /// Adds the middleware of the defaults, and maps <c>/healthz/live</c>, <c>/healthz/ready</c> and <c>/healthz/started</c>; in Development also
    /// <c>/openapi/v1.json</c> and <c>/scalar</c> if the service calls <c>AddOpenApi()</c>. Exceptions become problem details: a registered
    /// <see cref="Microsoft.AspNetCore.Diagnostics.IExceptionHandler"/> handles them first, any other exception is a 500. A route that states
    /// neither a policy nor <c>AllowAnonymous()</c> is refused with 403. Requests for a host that is not in <c>AllowedHosts</c> are refused with 400.
    /// </summary>
    /// <param name="beforeAuthorization">Adds middleware that knows the client and also sees requests that are refused.</param>
    public static void MapDefaultEndpoints(this WebApplication app, Action? beforeAuthorization = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseSerilogRequestLogging(options => options.GetLevel = RequestLevel);
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use(RequestLimits.CheckAsync);
        app.UseHostFilter();
        app.Use(TreatHeadAsGet);
        app.UseRouting(); // after the method is changed
        app.UseAuthentication();
        beforeAuthorization?.Invoke();
        app.UseAuthorization();
        app.Use(RequestContentType.RequireUtf8Async);
        app.MapHealthEndpoints();
        app.MapMetrics();
        if (app.Environment.IsDevelopment() && app.Services.GetKeyedService<IOpenApiDocumentProvider>(OpenApiDefaults.DocumentName) is not null)
        {
            app.MapOpenApi().AllowAnonymous();
            // Without the features that need the internet.
            app.MapScalarApiReference(scalar => scalar.DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideClientButton().HideDeveloperTools()).AllowAnonymous();
        }
    }

    /// <summary>Lets HEAD reach the routes of GET. The server leaves out the body, because it remembers the method of the request.</summary>
    private static Task TreatHeadAsGet(HttpContext context, RequestDelegate next)
    {
        context.Request.Method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
        return next(context);
    }

    /// <summary>Listens on the port where Dapr expects the app, on the loopback interface: only the sidecar needs to reach it.</summary>
    private static void ListenOnAppPort(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int?>("APP_PORT") is { } port)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(port));
        }
    }

    /// <summary>Text and single orders in Development; otherwise compact JSON and one line per batch.</summary>
    private static void Configure(LoggerConfiguration logger, WebApplicationBuilder builder)
    {
        var (configuration, environment) = (builder.Configuration, builder.Environment);
        logger.MinimumLevel.Is(environment.IsDevelopment() ? LogEventLevel.Debug : LogEventLevel.Information)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("System", LogEventLevel.Warning)
            .MinimumLevel.Override("Dapr", LogEventLevel.Warning)
            .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
            .MinimumLevel.Override("Npgsql", LogEventLevel.Warning)
            // EF Core logs every exception as an error, also expected ones. The code that catches an exception logs what it means.
            .MinimumLevel.Override("Microsoft.EntityFrameworkCore", LogEventLevel.Fatal)
            .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
            .MinimumLevel.Override("Microsoft.AspNetCore.Routing", LogEventLevel.Error) // the in-memory test server warns that it has no body limits
            .Filter.ByExcluding(entry => entry.Exception is OptionsValidationException) // DaprService logs it in one line
            .MinimumLevel.Override("Polly", LogEventLevel.Fatal) // the caller logs the result of the retries once
            .ReadFrom.Configuration(configuration)
            .Enrich.WithProperty("Service", configuration["APP_ID"] ?? environment.ApplicationName)
            .Enrich.When(_ => environment.IsDevelopment(), enrich => enrich.With<ControlCharacterEscaper>()) // the JSON format escapes them itself
            .WriteTo.Console(environment.IsDevelopment()
                ? new MessageTemplateTextFormatter(LogLine, CultureInfo.InvariantCulture)
                : new RenderedCompactJsonFormatter());
        logger.SendLogs(configuration, environment.ApplicationName);
    }

    /// <summary>Logs failed requests only. Handlers log what successful requests did.</summary>
    private static LogEventLevel RequestLevel(HttpContext context, double milliseconds, Exception? exception) =>
        context.Response.StatusCode < 500 || context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal)
            ? LogEventLevel.Verbose
            : LogEventLevel.Warning;
}
