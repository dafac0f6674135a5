using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Logs when a health check begins to fail and when it recovers, and measures it with the meter <c>DaprOrders.Health</c>: the gauge
/// <c>health.failing</c> is 1 for each check that fails, and <c>health.ready</c> is 1 while the service is ready.
/// </summary>
internal sealed partial class HealthMonitor : IHealthCheckPublisher
{
    public const string MeterName = "DaprOrders.Health";

    private readonly ConcurrentDictionary<string, bool> _failing = new();
    private readonly ILogger<HealthMonitor> _logger;
    private HealthStatus? _status;

    public HealthMonitor(IMeterFactory meters, ILogger<HealthMonitor> logger)
    {
        _logger = logger;
        var meter = meters.Create(MeterName);
        meter.CreateObservableGauge(
            "health.ready",
            () => _status is { } status ? [new Measurement<int>(status is HealthStatus.Unhealthy ? 0 : 1)] : Enumerable.Empty<Measurement<int>>(),
            description: "1 while no health check is unhealthy.");
        meter.CreateObservableGauge(
            "health.failing",
            () => _failing.Select(check => new Measurement<int>(check.Value ? 1 : 0, new KeyValuePair<string, object?>("check", check.Key))),
            description: "1 for each health check that is degraded or unhealthy.");
    }

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        _status = report.Status;
        foreach (var (name, check) in report.Entries)
        {
            var isFailing = check.Status is not HealthStatus.Healthy;
            var wasFailing = _failing.GetValueOrDefault(name);
            _failing[name] = isFailing;
            if (isFailing && !wasFailing)
            {
                LogFailing(name, check.Status, check.Description ?? check.Exception?.Message);
            }
            else if (wasFailing && !isFailing)
            {
                LogRecovered(name);
            }
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Warning, "Health check {Check} is {Status}: {Reason}")]
    private partial void LogFailing(string check, HealthStatus status, string? reason);

    [LoggerMessage(LogLevel.Information, "Health check {Check} is healthy again")]
    private partial void LogRecovered(string check);
}
