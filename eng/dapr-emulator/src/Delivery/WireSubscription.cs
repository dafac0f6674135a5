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
    public SubscriptionSpec ToSpec() => new(
        PubSubName ?? "",
        Topic ?? "",
        Rules(),
        DeadLetterTopic ?? "",
        Metadata ?? [],
        BulkSubscribe is { Enabled: true } bulk
            ? new BulkSettings(Positive(bulk.MaxMessagesCount), Positive(bulk.MaxAwaitDurationMs))
            : null,
        Declarative: false);

    private static int? Positive(int? number) => number > 0 ? number : null;

    // The default of "routes" beats "route" when both are there.
    private List<RouteRule> Rules()
    {
        var rules = (Routes?.Rules ?? []).Select(rule => new RouteRule(rule.Match, rule.Path ?? "")).ToList();
        if ((Routes?.Default is { Length: > 0 } named ? named : Route) is { Length: > 0 } otherwise)
        {
            rules.Add(new RouteRule(null, otherwise));
        }

        return rules;
    }
}

internal sealed record WireRoutes(List<WireRule>? Rules, string? Default);

internal sealed record WireRule(string? Match, string? Path);

internal sealed record WireBulk(bool Enabled, int? MaxMessagesCount, int? MaxAwaitDurationMs);

[JsonSourceGenerationOptions(PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(List<WireSubscription>))]
internal sealed partial class WireJson : JsonSerializerContext;
