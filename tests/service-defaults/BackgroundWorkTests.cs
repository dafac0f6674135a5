using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Testing;

namespace DaprOrders.ServiceDefaults.Tests;

public sealed class BackgroundWorkTests
{
    private readonly FakeLogger<BackgroundWork> _log = new();

    [Fact]
    public async Task Failure_is_logged_once_and_degrades_the_service_until_the_work_succeeds()
    {
        var background = new BackgroundWork(_log);

        background.Failed("Sweep", new InvalidOperationException("first"));
        background.Failed("Sweep", new InvalidOperationException("second"));
        background.Succeeded("Other work");
        var failing = await background.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
        background.Succeeded("Sweep");
        background.Succeeded("Sweep");
        var recovered = await background.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);

        Assert.Equal((HealthStatus.Degraded, "Sweep: second"), (failing.Status, failing.Description));
        Assert.Equal(HealthStatus.Healthy, recovered.Status);
        Assert.Equal(["Sweep failed and will be retried: first", "Sweep works again"], _log.Collector.GetSnapshot().Select(record => record.Message));
    }
}
