using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.ServiceDefaults;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DaprOrders.Messaging;

/// <summary>
/// Holds the topics that the service subscribes to, and checks that its sidecar knows them. The sidecar asks the app once, when the app starts. If
/// that fails it continues without subscriptions: the service looks healthy and gets no events.
/// </summary>
internal sealed class Subscriptions(IHttpClientFactory clients) : IHealthCheck
{
    private readonly Dictionary<string, Handler?> _topics = [];

    /// <summary>Handles one event in the scope and the transaction of the caller, which saves and commits.</summary>
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
                : HealthCheckResult.Degraded($"the sidecar has no subscription to {string.Join(", ", missing)}; restart it, it reads them at its start");
        }
        catch (HttpRequestException e)
        {
            return HealthCheckResult.Degraded($"the sidecar cannot be reached: {e.Message}");
        }
    }

    private sealed record Metadata(List<Subscription>? Subscriptions);

    private sealed record Subscription(string Topic);
}
