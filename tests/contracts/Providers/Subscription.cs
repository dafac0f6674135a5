using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>An entry of the response to <c>GET /dapr/subscribe</c>. Dapr ignores the case of the field names.</summary>
internal sealed record Subscription(string PubSub, string Topic, string Route, bool IsBulk, bool IsRaw)
{
    public static Subscription Read(JsonObject subscription)
    {
        var fields = WithLowercaseNames(subscription);
        var routes = fields.TryGetValue("routes", out var value) ? WithLowercaseNames(value!.AsObject()) : [];
        var route = (string?)(routes.GetValueOrDefault("default") ?? fields.GetValueOrDefault("route"));
        return new Subscription(
            (string)fields["pubsubname"]!,
            (string)fields["topic"]!,
            "/" + route!.TrimStart('/'),
            fields.TryGetValue("bulksubscribe", out var bulk) && (bool)WithLowercaseNames(bulk!.AsObject())["enabled"]!,
            (string?)fields.GetValueOrDefault("metadata")?["rawPayload"] == "true");
    }

    private static Dictionary<string, JsonNode?> WithLowercaseNames(JsonObject fields) => fields.ToDictionary(field => field.Key.ToLowerInvariant(), field => field.Value);
}
