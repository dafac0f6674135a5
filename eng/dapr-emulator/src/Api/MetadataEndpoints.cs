using System.Text;
using System.Text.Json;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Api;

internal sealed class MetadataEndpoints(SidecarState sidecar)
{
    // Keys of metadata must not be changed to camel case.
    private static readonly JsonSerializerOptions Json = new(JsonText.SerializerOptions) { PropertyNamingPolicy = null };

    public Task GetAsync(HttpContext http) => http.WriteJsonAsync(StatusCodes.Status200OK, JsonSerializer.SerializeToUtf8Bytes(
        new
        {
            id = sidecar.AppId,
            runtimeVersion = SidecarState.RuntimeVersion,
            // Dapr lists these features, so clients may expect them. Neither is emulated.
            enabledFeatures = (string[])["WorkflowsRemoteActivityReminder", "HotReload"],
            components = NullIfEmpty(sidecar.Resources.SecretStores
                .Select(store => new
                {
                    name = store.Name,
                    type = LocalSecretStore.Type,
                    version = store.Version,
                    capabilities = NullIfEmpty((string[])(store.IsMultiValued ? ["MULTIPLE_KEY_VALUES_PER_SECRET"] : [])),
                })
                .Concat(sidecar.PubSubs.Values.Select(pubSub => new
                {
                    name = pubSub.Name,
                    type = pubSub.Type,
                    version = pubSub.Version,
                    capabilities = NullIfEmpty(pubSub.Capabilities),
                }))),
            extended = new Dictionary<string, string>(sidecar.Extended) { ["daprRuntimeVersion"] = SidecarState.RuntimeVersion },
            subscriptions = NullIfEmpty(sidecar.Subscriptions.Select(subscription => new
            {
                pubsubname = subscription.PubSub,
                topic = subscription.Topic,
                metadata = subscription.Metadata.Count == 0 ? null : subscription.Metadata,
                rules = new[] { new { path = subscription.Route } },
                deadLetterTopic = subscription.DeadLetterTopic,
                type = subscription.Declarative ? "DECLARATIVE" : "PROGRAMMATIC",
            })),
            appConnectionProperties = sidecar.App is { } app ? new { port = app.Port, protocol = "http", channelAddress = "127.0.0.1" } : null,
            actorRuntime = new { runtimeStatus = "DISABLED", hostReady = false, placement = "placement: disconnected" },
            resiliencies = NullIfEmpty(sidecar.Resources.Resiliency.Names.Select(name => new { name })),
        },
        Json));

    public async Task PutAsync(HttpContext http, string key)
    {
        var body = await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted) ?? [];
        sidecar.Extended[key] = Encoding.UTF8.GetString(body);
        await http.WriteNoContentAsync();
    }

    private static List<T>? NullIfEmpty<T>(IEnumerable<T> items) => items.ToList() is { Count: > 0 } list ? list : null;
}
