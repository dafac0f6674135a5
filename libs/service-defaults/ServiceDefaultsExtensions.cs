using System.Globalization;
using System.Net;
using System.Text.Json.Serialization;
using DaprOrders.Messaging;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace DaprOrders.ServiceDefaults;

/// <summary>What every service does alike: where it listens, how it logs, its JSON, its errors and its health.</summary>
public static class HostingDefaults
{
    private const string LogLine = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:l}{NewLine}{Exception}";

    /// <summary>Creates the builder of a service. Its settings files are read once: watching them fails where no inotify instances are left.</summary>
    /// <param name="args">The command line.</param>
    /// <returns>The builder.</returns>
    public static WebApplicationBuilder CreateBuilder(string[] args) =>
        WebApplication.CreateBuilder(["--hostBuilder:reloadConfigOnChange=false", .. args]);

    /// <summary>Adds the defaults to the services.</summary>
    /// <param name="builder">The application's builder.</param>
    public static void AddDefaults(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.ListenOnAppPort();
        builder.Services.AddSerilog((_, logger) => Configure(logger, builder.Configuration));
        builder.AddContractDocument();
        builder.Services.AddSidecarClient();
        builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = BadRequest.Complete);
        builder.Services.AddExceptionHandler<ExceptionProblems>();
        builder.Services.AddHealthChecks().AddCheck<SidecarHealthCheck>("sidecar");
        // Thrown in every environment, so that ExceptionProblems can say what is wrong and where.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.Configure<JsonOptions>(options =>
        {
            MessagingJson.Apply(options.SerializerOptions);
            options.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            options.SerializerOptions.PropertyNameCaseInsensitive = false;
            options.SerializerOptions.AllowDuplicateProperties = false; // else the last one counts here, and perhaps the first one elsewhere
        });
    }

    /// <summary>Adds the defaults to the pipeline, and <c>/healthz/live</c> and <c>/healthz/ready</c> to the routes.</summary>
    /// <param name="app">The application.</param>
    public static void UseDefaults(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseSerilogRequestLogging(options => options.GetLevel = RequestLevel);
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.Use(BadRequest.RefuseCharsetAsync);
        app.MapHealth();
    }

    /// <summary>Runs the service, or with <c>--openapi</c> only prints its OpenAPI document. It needs APP_ID for that and nothing else.</summary>
    /// <param name="app">The application.</param>
    /// <param name="args">The command line.</param>
    /// <returns>The exit status: 0.</returns>
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

    /// <summary>Dapr tells the app its port and expects it to listen there by itself; only the sidecar is to reach it.</summary>
    private static void ListenOnAppPort(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetValue<int?>("APP_PORT") is { } port)
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        }
    }

    private static void Configure(LoggerConfiguration logger, IConfiguration configuration) => logger
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        // Whoever catches the exception says what it means; EF would log each as an error before that, even the expected ones.
        .MinimumLevel.Override("Microsoft.EntityFrameworkCore", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
        .MinimumLevel.Override("Microsoft.AspNetCore.Routing", LogEventLevel.Error) // the in-memory test server has no body limits, and says so
        .MinimumLevel.Override("Polly", LogEventLevel.Fatal) // what came of the retries is logged once, by whoever asked
        .ReadFrom.Configuration(configuration)
        .WriteTo.Sink(new BatchedConsole(
            new MessageTemplateTextFormatter(LogLine, CultureInfo.InvariantCulture), Console.OpenStandardOutput(), TimeProvider.System));

    /// <summary>One line per step of an order is enough for good requests; the handlers write it.</summary>
    private static LogEventLevel RequestLevel(HttpContext context, double milliseconds, Exception? exception) =>
        context.Response.StatusCode < 500 || context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal)
            ? LogEventLevel.Debug
            : LogEventLevel.Warning;
}
