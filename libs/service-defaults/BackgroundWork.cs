using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Holds which background work of the service fails. Reports Degraded while some does, and logs the first failure and the recovery. A loop that
/// lets an exception escape would end the process, so each one catches it, reports it here, and continues.
/// </summary>
public sealed partial class BackgroundWork(ILogger<BackgroundWork> logger) : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> _failures = new();

    /// <summary>Reports that the work failed and will be retried.</summary>
    /// <param name="work">The name of the work, which is logged.</param>
    /// <param name="exception">The failure.</param>
    public void Failed(string work, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        if (_failures.TryAdd(work, exception.Message))
        {
            LogFailed(work, exception.Message);
        }

        _failures[work] = exception.Message;
    }

    /// <summary>Reports that the work succeeded.</summary>
    public void Succeeded(string work)
    {
        if (_failures.TryRemove(work, out _))
        {
            LogRecovered(work);
        }
    }

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        _failures.IsEmpty
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded(string.Join("; ", _failures.Select(failure => $"{failure.Key}: {failure.Value}"))));

    [LoggerMessage(LogLevel.Warning, "{Work} failed and will be retried: {Error}")]
    private partial void LogFailed(string work, string error);

    [LoggerMessage(LogLevel.Information, "{Work} works again")]
    private partial void LogRecovered(string work);
}
