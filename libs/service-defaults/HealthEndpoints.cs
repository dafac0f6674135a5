using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Maps <c>/healthz/live</c>, which is 200 while the process responds; <c>/healthz/ready</c>, which is 200 while the service can respond to
/// requests, else 503; and <c>/healthz/started</c>, which is 200 once it was ready. Their body is
/// <c>{"status":"healthy|degraded|unhealthy","failing":{"outbox":"…"}}</c>. Degraded is 200: events may wait, but requests are served.
/// </summary>
internal static class HealthEndpoints
{
    public static void MapHealthEndpoints(this IEndpointRouteBuilder app)
    {
        foreach (var check in app.ServiceProvider.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations)
        {
            var create = check.Factory;
            check.Factory = services => new TimeLimitedHealthCheck(create(services));
        }

        var wasReady = false;
        app.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous();
        app.MapHealthChecks("/healthz/ready", new HealthCheckOptions { ResponseWriter = WriteAsync }).AllowAnonymous();
        app.MapGet("/healthz/started", async (HealthCheckService checks, HttpContext context) =>
        {
            wasReady = wasReady || (await checks.CheckHealthAsync(context.RequestAborted)).Status is not HealthStatus.Unhealthy;
            return wasReady ? Results.Ok() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }).AllowAnonymous().ExcludeFromDescription();
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var failing = report.Entries
            .Where(check => check.Value.Status is not HealthStatus.Healthy)
            .ToDictionary(check => check.Key, check => check.Value.Description ?? check.Value.Exception?.Message ?? "failed");
        return context.Response.WriteAsJsonAsync(new Readiness(SnakeCase.ToSnakeCase(report.Status), failing));
    }

    private sealed record Readiness(string Status, Dictionary<string, string> Failing);
}
