using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>The calls with which a sidecar asks its app for its configuration and its subscriptions, once.</summary>
internal sealed partial class AppSubscriptions(SidecarState sidecar)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1)];

    private readonly ILogger _logger = sidecar.Logger;

    /// <summary>Asks for the actor settings, as Dapr does. The answer is ignored.</summary>
    public async Task AskForConfigurationAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var request = Request("dapr/config");
            using var response = await sidecar.App!.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException failure)
        {
            LogNoConfiguration(failure.Message);
        }
    }

    /// <summary>Asks for the programmatic subscriptions.</summary>
    /// <returns>Null when the call failed: then the declarative subscriptions are not started either.</returns>
    public async Task<IReadOnlyList<SubscriptionSpec>?> AskAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await AskOnceAsync(cancellationToken);
            }
            catch (HttpRequestException) when (attempt < Pauses.Length)
            {
                await Task.Delay(Pauses[attempt], sidecar.Time, cancellationToken);
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException or ResourceException)
            {
                LogFailed(sidecar.Spec.Place, failure.Message);
                return null;
            }
        }
    }

    private async Task<IReadOnlyList<SubscriptionSpec>> AskOnceAsync(CancellationToken cancellationToken)
    {
        using var request = Request("dapr/subscribe");
        using var response = await sidecar.App!.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if ((int)response.StatusCode == 404 || (response.IsSuccessStatusCode && body.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0))
        {
            return [];
        }

        if ((int)response.StatusCode != 200)
        {
            // Dapr ignores this silently.
            LogStatus(sidecar.Spec.Place, (int)response.StatusCode);
            return [];
        }

        var subscriptions = new List<SubscriptionSpec>();
        foreach (var answer in JsonSerializer.Deserialize<List<WireSubscription>>(JsonText.ReadFirst(body).Span, JsonText.Wire) ?? [])
        {
            var spec = answer.ToSpec();
            if (spec.Route.Length == 0)
            {
                LogNoRoute(sidecar.Spec.Place, spec.PubSub, spec.Topic);
                continue;
            }

            subscriptions.Add(spec);
        }

        return subscriptions;
    }

    private HttpRequestMessage Request(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, sidecar.App!.UriOf(path));
        request.Headers.TryAddWithoutValidation("dapr-app-id", sidecar.AppId);
        request.Content = new ByteArrayContent([]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    [LoggerMessage(LogLevel.Debug, "No answer to /dapr/config: {Failure}")]
    private partial void LogNoConfiguration(string failure);

    [LoggerMessage(LogLevel.Error, "{Place}: app returned http status code {Status} from subscription endpoint; it has no subscriptions until the sidecar restarts")]
    private partial void LogStatus(string place, int status);

    [LoggerMessage(LogLevel.Error, "{Place}: No subscription is started: {Failure}")]
    private partial void LogFailed(string place, string failure);

    [LoggerMessage(LogLevel.Warning, "{Place}: Subscription to {PubSub}/{Topic} has no route and is ignored")]
    private partial void LogNoRoute(string place, string pubSub, string topic);

    /// <summary>An entry of the answer to <c>GET /dapr/subscribe</c>.</summary>
    private sealed record WireSubscription(
        string? PubSubName,
        string? Topic,
        string? Route,
        WireRoutes? Routes,
        string? DeadLetterTopic,
        Dictionary<string, string>? Metadata,
        WireBulk? BulkSubscribe)
    {
        /// <exception cref="ResourceException">It has routing rules.</exception>
        public SubscriptionSpec ToSpec() => Routes?.Rules is { Count: > 0 } ? throw new ResourceException(SubscriptionSpec.NoRules) : new(
            PubSubName ?? "",
            Topic ?? "",
            Routes?.Default is { Length: > 0 } named ? named : Route ?? "",
            DeadLetterTopic ?? "",
            Metadata ?? [],
            BulkSubscribe is { Enabled: true } bulk
                ? new BulkSettings(Positive(bulk.MaxMessagesCount), Positive(bulk.MaxAwaitDurationMs))
                : null,
            Declarative: false);

        private static int? Positive(int? number) => number > 0 ? number : null;
    }

    private sealed record WireRoutes(List<JsonElement>? Rules, string? Default);

    private sealed record WireBulk(bool Enabled, int? MaxMessagesCount, int? MaxAwaitDurationMs);
}
