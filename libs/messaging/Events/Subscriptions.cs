using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.Messaging;

/// <summary>
/// Holds the subscriptions of the service and checks that the sidecar knows them. The sidecar reads them only once, when the app starts. If that
/// fails, the sidecar continues without subscriptions, and the service would look healthy but receive no events.
/// </summary>
internal sealed class Subscriptions(IHttpClientFactory clients) : IHealthCheck
{
    private readonly Dictionary<string, Handler?> _topics = [];

    /// <summary>Handles one event in the scope and transaction of the caller, which then saves and commits.</summary>
    public delegate Task Handler(IServiceProvider scope, JsonElement cloudEvent, CancellationToken cancellationToken);

    public void Add(string topic, Handler? handler = null) => _topics[topic] = handler;

    public Handler? FindHandler(string topic) => _topics.GetValueOrDefault(topic);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (_topics.Count == 0)
        {
            return HealthCheckResult.Healthy();
        }

        try
        {
            using var client = clients.CreateClient(DaprSidecar.HttpClientName);
            var metadata = await client.GetFromJsonAsync<Metadata>("/v1.0/metadata", cancellationToken);
            var known = metadata?.Subscriptions?.Select(subscription => subscription.Topic) ?? [];
            var missing = _topics.Keys.Except(known).ToList();
            return missing.Count == 0
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Degraded($"the sidecar has no subscription to {string.Join(", ", missing)}; restart the sidecar, it reads the subscriptions at startup");
        }
        catch (HttpRequestException e)
        {
            return HealthCheckResult.Degraded($"the sidecar cannot be reached: {e.Message}");
        }
    }

    private sealed record Metadata(List<Subscription>? Subscriptions);

    private sealed record Subscription(string Topic);
}
