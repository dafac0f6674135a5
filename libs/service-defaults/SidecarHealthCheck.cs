using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Checks the sidecar's outbound health, which is good once its components are loaded. <c>/v1.0/healthz</c> would wait for this service itself.
/// </summary>
internal sealed class SidecarHealthCheck(IHttpClientFactory clients) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var client = clients.CreateClient(DaprSidecar.HttpClientName);
        try
        {
            using var response = await client.GetAsync(new Uri("/v1.0/healthz/outbound", UriKind.Relative), cancellationToken);
            return response.IsSuccessStatusCode
                ? HealthCheckResult.Healthy()
                : new HealthCheckResult(
                    context.Registration.FailureStatus, $"the sidecar responds {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }
        catch (HttpRequestException e)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, $"the sidecar cannot be reached: {e.Message}");
        }
    }
}
