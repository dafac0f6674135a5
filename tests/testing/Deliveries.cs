using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DaprOrders.Testing;

/// <summary>Delivers events in the format of Dapr 1.18.3 for bulk subscriptions (tests/recordings, bulk_delivery.json).</summary>
public static class Deliveries
{
    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Creates a CloudEvent.</summary>
    public static JsonObject Event(string topic, object data, string? id = null) => new()
    {
        ["data"] = JsonSerializer.SerializeToNode(data, SnakeCase),
        ["datacontenttype"] = "application/json",
        ["id"] = id ?? Guid.NewGuid().ToString(),
        ["pubsubname"] = "pubsub",
        ["source"] = "test",
        ["specversion"] = "1.0",
        ["time"] = "2026-11-23T05:49:28Z",
        ["topic"] = topic,
        ["traceid"] = "",
        ["traceparent"] = "",
        ["tracestate"] = "",
        ["type"] = topic,
    };

    /// <summary>Posts the events in one bulk delivery and returns the status of each event, in the same order.</summary>
    public static async Task<string[]> DeliverAsync(this HttpClient app, string topic, params JsonNode?[] events)
    {
        var entries = events.Select((message, i) => (JsonNode)new JsonObject
        {
            ["entryId"] = $"{i}",
            ["event"] = message?.DeepClone(),
            ["contentType"] = "application/cloudevents+json",
        });
        var body = new JsonObject
        {
            ["entries"] = new JsonArray([.. entries]),
            ["id"] = Guid.NewGuid().ToString(),
            ["metadata"] = new JsonObject { ["pubsubName"] = "pubsub" },
            ["pubsubname"] = "pubsub",
            ["topic"] = topic,
            ["type"] = "com.dapr.event.sent.bulk",
        };

        using var response = await app.PostAsJsonAsync(new Uri($"/events/{topic}", UriKind.Relative), body);
        response.EnsureSuccessStatusCode();
        var result = await response.Content.ReadFromJsonAsync<JsonElement>();
        var statuses = result.GetProperty("statuses").EnumerateArray()
            .ToDictionary(status => status.GetProperty("entryId").GetString()!, status => status.GetProperty("status").GetString()!);
        return events.Select((_, i) => statuses[$"{i}"]).ToArray();
    }
}
