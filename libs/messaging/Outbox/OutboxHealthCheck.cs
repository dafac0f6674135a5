using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.Messaging;

/// <summary>Reports Degraded while a topic is misconfigured, the relay fails, or an event has waited in the outbox for over 30 s.</summary>
internal sealed class OutboxHealthCheck(Relay relay, OutboxStatus status) : IHealthCheck
{
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problem = relay.ConfigurationErrors.FirstOrDefault()
            ?? status.Failure
            ?? (status.OldestAge > MaxAge ? $"the oldest event has waited for {status.OldestAge.Value.TotalSeconds:F0} s" : null);
        return Task.FromResult(problem is null ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(problem));
    }
}
