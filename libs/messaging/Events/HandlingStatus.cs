using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.Messaging;

/// <summary>
/// Holds the topics whose events cannot be handled until somebody fixes the deployment: a migration, a role or a right is missing. Their events
/// are redelivered. Reports Degraded meanwhile.
/// </summary>
internal sealed class HandlingStatus : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> _errors = new();

    public void Failed(string topic, string error) => _errors[topic] = error;

    public void Recovered(string topic) => _errors.TryRemove(topic, out _);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        _errors.IsEmpty
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded(string.Join("; ", _errors.Select(error => $"events of {error.Key} cannot be handled: {error.Value}"))));
}
