using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.Testing;

internal static class BackgroundHealthChecks
{
    /// <summary>
    /// Postpones the health checks that start 5 s after a service. They call the stub of the sidecar, so a test that expects no calls, or one
    /// call, would fail on a busy machine.
    /// </summary>
    public static IServiceCollection DisableBackgroundHealthChecks(this IServiceCollection services) =>
        services.Configure<HealthCheckPublisherOptions>(options => options.Delay = TimeSpan.FromDays(1));
}
