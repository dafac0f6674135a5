using DaprOrders.Messaging;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Asks for the sidecar's outbound health, which is good once its components are loaded. Not for <c>/v1.0/healthz</c>, which waits for this
/// very service.
/// </summary>
internal sealed class SidecarHealthCheck(IHttpClientFactory clients) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var client = clients.CreateClient(Sidecar.HttpClientName);
        try
        {
            using var response = await client.GetAsync(new Uri("/v1.0/healthz/outbound", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"the sidecar answers {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
        catch (HttpRequestException e)
        {
            return HealthCheckResult.Unhealthy($"the sidecar is not there: {e.Message}");
        }
    }
}
