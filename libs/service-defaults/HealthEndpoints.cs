using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DaprOrders.ServiceDefaults;

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

    /// <summary>Answers for a check that has not ended after a second, and only then cancels it: what it makes of that is not its answer.</summary>
    private sealed class Hurried(IHealthCheck check) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            late.CancelAfter(Patience);
            var givenUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var answer = check.CheckHealthAsync(context, givenUp.Token);
            try
            {
                return await answer.WaitAsync(late.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return HealthCheckResult.Unhealthy($"no answer within {Patience.TotalSeconds:F0} s");
            }
            finally
            {
                _ = EndAsync(answer, givenUp);
            }
        }

        /// <summary>Nobody waits for this: asked to cancel, Npgsql asks the database, and waits half a minute for one that is frozen.</summary>
        private static async Task EndAsync(Task answer, CancellationTokenSource givenUp)
        {
            using (givenUp)
            {
                if (!answer.IsCompleted)
                {
                    await givenUp.CancelAsync();
                }

                await answer.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private sealed record Readiness(string Status, Dictionary<string, string> Failing);
}
