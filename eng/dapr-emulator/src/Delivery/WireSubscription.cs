using System.Text.Json;
using System.Text.Json.Serialization;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>An entry of the answer to <c>GET /dapr/subscribe</c>.</summary>
internal sealed record WireSubscription(
    string? PubSubName,
    string? Topic,
    string? Route,
    WireRoutes? Routes,
    string? DeadLetterTopic,
    Dictionary<string, string>? Metadata,
    WireBulk? BulkSubscribe)
{
    public bool HasRules => Routes?.Rules is { Count: > 0 };

    public SubscriptionSpec ToSpec() => new(
        PubSubName ?? "",
        Topic ?? "",
        // The default of "routes" beats "route".
        (Routes?.Default is { Length: > 0 } named ? named : Route) ?? "",
        DeadLetterTopic ?? "",
        Metadata ?? [],
        BulkSubscribe is { Enabled: true } bulk
            ? new BulkSettings(Positive(bulk.MaxMessagesCount), Positive(bulk.MaxAwaitDurationMs))
            : null,
        Declarative: false);

    private static int? Positive(int? number) => number > 0 ? number : null;
}

internal sealed record WireRoutes(List<JsonElement>? Rules, string? Default);

internal sealed record WireBulk(bool Enabled, int? MaxMessagesCount, int? MaxAwaitDurationMs);

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(List<WireSubscription>))]
internal sealed partial class WireJson : JsonSerializerContext;
