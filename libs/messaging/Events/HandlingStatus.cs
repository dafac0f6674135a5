using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.Messaging;

/// <summary>
/// Reports Degraded while events cannot be handled because a migration, a role or a permission is missing. The events are redelivered until the
/// deployment is fixed.
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
