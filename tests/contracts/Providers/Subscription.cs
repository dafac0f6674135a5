using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>An entry of what a service answers to <c>GET /dapr/subscribe</c>. Dapr reads the names of the fields whatever their case.</summary>
internal sealed record Subscription(string PubSub, string Topic, string Route, bool IsBulk, bool IsRaw)
{
    public static Subscription Read(JsonObject subscription)
    {
        var fields = Lower(subscription);
        var routes = fields.TryGetValue("routes", out var all) ? Lower(all!.AsObject()) : [];
        var route = (string?)(routes.GetValueOrDefault("default") ?? fields.GetValueOrDefault("route"));
        return new Subscription(
            (string)fields["pubsubname"]!,
            (string)fields["topic"]!,
            "/" + route!.TrimStart('/'),
            fields.TryGetValue("bulksubscribe", out var bulk) && (bool)Lower(bulk!.AsObject())["enabled"]!,
            (string?)fields.GetValueOrDefault("metadata")?["rawPayload"] == "true");
    }

    private static Dictionary<string, JsonNode?> Lower(JsonObject fields) => fields.ToDictionary(field => field.Key.ToLowerInvariant(), field => field.Value);
}
