using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DaprOrders.Hosting;

/// <summary>
/// <c>/healthz/live</c>: the process answers. <c>/healthz/ready</c>: 200 when it can do its work, else 503 with
/// <c>{"status":"unhealthy","failing":{"database":"…"}}</c>.
/// </summary>
internal static class Health
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        foreach (var check in app.ServiceProvider.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations)
        {
            var create = check.Factory;
            check.Factory = services => new Hurried(create(services));
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

    /// <summary>
    /// Ends a check after a second, whether or not it ends by itself then: asked to cancel, Npgsql asks a database that does not answer to
    /// cancel.
    /// </summary>
    private sealed class Hurried(IHealthCheck check) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            using var givenUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(Patience);
            try
            {
                return await check.CheckHealthAsync(context, givenUp.Token).WaitAsync(late.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                await givenUp.CancelAsync(); // only now: what the check makes of being cancelled must not be taken for its answer
                return HealthCheckResult.Unhealthy($"no answer within {Patience.TotalSeconds:F0} s");
            }
        }
    }

    private sealed record Readiness(string Status, Dictionary<string, string> Failing);
}
