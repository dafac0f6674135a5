using System.Text.Json.Nodes;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Creates deliveries with the structure that Dapr uses. A test compares the structure with a recording.</summary>
internal static class Delivery
{
    /// <summary>Returns the CloudEvents of an example, which is a bulk delivery or one CloudEvent.</summary>
    public static IReadOnlyList<JsonNode> EventsOf(JsonObject example) => example["entries"] is JsonArray entries
        ? [.. entries.Select(entry => entry!["event"]!)]
        : [example];

    public static JsonObject Bulk(string topic, IReadOnlyList<JsonNode> events) => new()
    {
        ["entries"] = new JsonArray([.. events.Select((message, i) => Entry(topic, i, message))]),
        ["id"] = Guid.NewGuid().ToString(),
        ["metadata"] = new JsonObject { ["pubsubName"] = "pubsub" },
        ["pubsubname"] = "pubsub",
        ["topic"] = topic,
        ["type"] = "com.dapr.event.sent.bulk",
    };

    private static JsonObject Entry(string topic, int i, JsonNode message) => new()
    {
        ["entryId"] = $"{i}",
        ["event"] = message.DeepClone(),
        ["metadata"] = new JsonObject { ["__offset"] = $"{i}", ["__partition"] = "1", ["__timestamp"] = "1795412968788", ["__topic"] = topic },
        ["contentType"] = "application/cloudevents+json",
    };
}
