using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Maps <c>/healthz/live</c>, which is 200 while the process responds, and <c>/healthz/ready</c>, which is 200 if every check is healthy, else
/// 503 with <c>{"status":"unhealthy","failing":{"database":"…"}}</c>.
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

        app.MapHealthChecks("/healthz/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/healthz/ready", new HealthCheckOptions { ResponseWriter = WriteAsync });
    }

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        var failing = report.Entries
            .Where(check => check.Value.Status is not HealthStatus.Healthy)
            .ToDictionary(check => check.Key, check => check.Value.Description ?? check.Value.Exception?.Message ?? "failed");
        return context.Response.WriteAsJsonAsync(new Readiness(report.Status is HealthStatus.Healthy ? "healthy" : "unhealthy", failing));
    }

    private sealed record Readiness(string Status, Dictionary<string, string> Failing);
}
