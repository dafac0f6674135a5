using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>Reports Unhealthy while a topic is misconfigured or an event has waited in the outbox for over 30 s.</summary>
internal sealed class OutboxHealthCheck(
    OutboxModel model, Relay relay, [FromKeyedServices(OutboxTable.DataSourceKey)] NpgsqlDataSource outbox) : IHealthCheck
{
    private static readonly TimeSpan TooOld = TimeSpan.FromSeconds(30);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!model.HasOutbox)
        {
            return HealthCheckResult.Healthy();
        }

        if (relay.Misconfigured.FirstOrDefault() is { } misconfigured)
        {
            return HealthCheckResult.Unhealthy(misconfigured);
        }

        await using var oldest = outbox.CreateCommand("SELECT now() - created_at FROM outbox ORDER BY position LIMIT 1");
        return await oldest.ExecuteScalarAsync(cancellationToken) is TimeSpan age && age > TooOld
            ? HealthCheckResult.Unhealthy($"the oldest event has waited for {age.TotalSeconds:F0} s")
            : HealthCheckResult.Healthy();
    }
}
