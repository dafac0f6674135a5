using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>The calls with which a sidecar asks its app what it wants, once in its life.</summary>
internal sealed partial class AppSubscriptions(SidecarState sidecar)
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1)];

    private readonly ILogger _logger = sidecar.Logger;

    /// <summary>Asks for the actor settings, of which none is used; any answer will do.</summary>
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
    /// <returns>Null when the call itself failed: then the declarative ones are not started either.</returns>
    public async Task<IReadOnlyList<SubscriptionSpec>?> AskAsync(CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await AskOnceAsync(cancellationToken);
            }
            catch (HttpRequestException failure)
            {
                if (attempt == Pauses.Length)
                {
                    LogFailed(failure.Message);
                    return null;
                }

                await Task.Delay(Pauses[attempt], sidecar.Time, cancellationToken);
            }
            catch (Exception failure) when (failure is JsonException or FormatException)
            {
                LogFailed(failure.Message);
                return null;
            }
        }
    }

    private async Task<IReadOnlyList<SubscriptionSpec>> AskOnceAsync(CancellationToken cancellationToken)
    {
        using var request = Request("dapr/subscribe");
        using var response = await sidecar.App!.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if ((int)response.StatusCode == 404)
        {
            return [];
        }

        if ((int)response.StatusCode != 200)
        {
            // As with the runtime nothing more comes of it; here at least it is said where it is seen.
            LogStatus(sidecar.Spec.Place, (int)response.StatusCode);
            return [];
        }

        var answers = Read(body);
        if (answers.Any(answer => answer.HasRules))
        {
            throw new FormatException(SubscriptionSpec.NoRules);
        }

        var subscriptions = new List<SubscriptionSpec>();
        foreach (var spec in answers.Select(answer => answer.ToSpec()))
        {
            if (spec.Route.Length == 0)
            {
                LogNoRoute(spec.PubSub, spec.Topic);
                continue;
            }

            subscriptions.Add(spec);
        }

        return subscriptions;
    }

    // Nothing is no error, and what follows the list is not looked at.
    private static List<WireSubscription> Read(byte[] body)
    {
        if (body.AsSpan().IndexOfAnyExcept(" \t\r\n"u8) < 0)
        {
            return [];
        }

        using var document = GoJson.ReadFirst(body);
        return document.RootElement.Deserialize(WireJson.Default.ListWireSubscription) ?? [];
    }

    private HttpRequestMessage Request(string path)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, sidecar.App!.UriOf(path));
        request.Headers.TryAddWithoutValidation("dapr-app-id", sidecar.AppId);
        request.Content = new ByteArrayContent([]);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return request;
    }

    [LoggerMessage(LogLevel.Debug, "no answer to /dapr/config: {Failure}")]
    private partial void LogNoConfiguration(string failure);

    [LoggerMessage(LogLevel.Error, "{Place}: app returned http status code {Status} from subscription endpoint: it has no subscriptions until the sidecar starts again")]
    private partial void LogStatus(string place, int status);

    [LoggerMessage(LogLevel.Error, "failed to subscribe to topics: {Failure}; no subscription at all is started")]
    private partial void LogFailed(string failure);

    [LoggerMessage(LogLevel.Warning, "subscription to {PubSub}/{Topic} has no route and is passed over")]
    private partial void LogNoRoute(string pubSub, string topic);
}
