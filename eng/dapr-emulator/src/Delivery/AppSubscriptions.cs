using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Requests the configuration and the subscriptions of an app when its sidecar starts.</summary>
internal sealed partial class AppSubscriptions(SidecarState sidecar)
{
    private static readonly TimeSpan[] RetryDelays = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1)];

    private readonly ILogger _logger = sidecar.Logger;

    /// <summary>Requests the actor settings, because Dapr does. The response is ignored.</summary>
    public async Task GetConfigurationAsync(CancellationToken cancellationToken)
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

    /// <summary>Requests the programmatic subscriptions.</summary>
    /// <returns>The subscriptions, or null if the request failed. As on Dapr, the declarative subscriptions do not start in that case either.</returns>
    public async Task<IReadOnlyList<SubscriptionSpec>?> GetSubscriptionsAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await RequestSubscriptionsAsync(cancellationToken);
            }
            catch (HttpRequestException) when (attempt < RetryDelays.Length)
            {
                await Task.Delay(RetryDelays[attempt], sidecar.Time, cancellationToken);
            }
            catch (Exception failure) when (failure is HttpRequestException or JsonException or ResourceException)
            {
                LogFailed(sidecar.Spec.Location, failure.Message);
                return null;
            }
        }
    }

    private async Task<IReadOnlyList<SubscriptionSpec>> RequestSubscriptionsAsync(CancellationToken cancellationToken)
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
            // Dapr continues without subscriptions.
            LogStatus(sidecar.Spec.Location, (int)response.StatusCode);
            return [];
        }

        var subscriptions = new List<SubscriptionSpec>();
        foreach (var item in JsonSerializer.Deserialize<List<SubscriptionItem>>(JsonText.ReadFirst(body).Span, JsonText.SerializerOptions) ?? [])
        {
            var spec = item.ToSpec();
            if (spec.Route.Length == 0)
            {
                LogNoRoute(sidecar.Spec.Location, spec.PubSub, spec.Topic);
                continue;
            }

            subscriptions.Add(spec);
        }

        return subscriptions;
    }

    private HttpRequestMessage Request(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, sidecar.App!.CreateUri(path));
        request.Headers.TryAddWithoutValidation("dapr-app-id", sidecar.AppId);
        request.Content = new ByteArrayContent([]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    [LoggerMessage(LogLevel.Debug, "Request to /dapr/config failed: {Failure}")]
    private partial void LogNoConfiguration(string failure);

    [LoggerMessage(LogLevel.Error, "{Location}: app returned http status code {Status} from subscription endpoint; the app has no subscriptions until its sidecar restarts")]
    private partial void LogStatus(string location, int status);

    [LoggerMessage(LogLevel.Error, "{Location}: Could not read the subscriptions of the app, so none is started: {Failure}")]
    private partial void LogFailed(string location, string failure);

    [LoggerMessage(LogLevel.Warning, "{Location}: Ignored the subscription to {PubSub}/{Topic}: it has no route")]
    private partial void LogNoRoute(string location, string pubSub, string topic);

    /// <summary>One item of the response to <c>GET /dapr/subscribe</c>.</summary>
    private sealed record SubscriptionItem(
        string? PubSubName,
        string? Topic,
        string? Route,
        RoutesItem? Routes,
        string? DeadLetterTopic,
        Dictionary<string, string>? Metadata,
        BulkItem? BulkSubscribe)
    {
        /// <exception cref="ResourceException">The subscription has routing rules.</exception>
        public SubscriptionSpec ToSpec() => Routes?.Rules is { Count: > 0 } ? throw new ResourceException(SubscriptionSpec.RulesNotEmulated) : new(
            PubSubName ?? "",
            Topic ?? "",
            Routes?.Default is { Length: > 0 } named ? named : Route ?? "",
            DeadLetterTopic ?? "",
            Metadata ?? [],
            BulkSubscribe is { Enabled: true } bulk
                ? new BulkSettings(PositiveOrNull(bulk.MaxMessagesCount), PositiveOrNull(bulk.MaxAwaitDurationMs))
                : null,
            Declarative: false);

        private static int? PositiveOrNull(int? number) => number > 0 ? number : null;
    }

    private sealed record RoutesItem(List<JsonElement>? Rules, string? Default);

    private sealed record BulkItem(bool Enabled, int? MaxMessagesCount, int? MaxAwaitDurationMs);
}
