using System.Text.Json;
using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays bulk_delivery.json (no inbound policy) and bulk_dead_letter.json (three retries and a dead-letter topic).</summary>
internal sealed class BulkDeliveryReplay(string appId) : Replay(new AutoAdvancingTime())
{
    private const int MaxMessages = 10;

    public override async Task RunAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("kafkadlq.yaml", "pubsub.yaml", "resiliency.yaml");
        var path = recorded["request"]!["path"]!.GetValue<string>().Split('?')[0];
        var (pubSub, topic) = (path.Split('/')[^2], path.Split('/')[^1]);
        App.Subscriptions = new AppResponse(200, Subscriptions(pubSub, topic, recorded["dead_letter"] is not null));
        var expected = recorded["deliveries"]!.AsArray();
        var responses = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        App.Respond = call => Task.FromResult(
            call.Path == "/dead" ? new AppResponse(200)
            : call.Body.Contains("sentinel") ? Success(call)
            : ResponseFrom(responses.Count > 1 ? responses.Dequeue() : responses.Peek()));
        await App.StartAsync();
        var sidecar = await Host.StartAsync(appId, App.Port);

        await ExchangeAsync(sidecar, recorded);
        await App.WaitForAsync(expected.Count, "/bulk");
        await Host.PublishAsync(sidecar, $"{pubSub}/{topic}?metadata.partitionKey=k", "\"sentinel\"");
        await App.WaitForAsync(expected.Count + 1, "/bulk");

        var deliveries = App.Calls.Where(call => call.Path == "/bulk" && !call.Body.Contains("sentinel")).ToList();
        Assert.Equal(expected.Count, deliveries.Count);
        foreach (var (delivery, actual) in expected.Zip(deliveries))
        {
            AssertAt(delivery!["after_ms"]!, deliveries[0].At, actual.At);
            AssertBody(delivery["body"]!.GetValue<string>(), actual.Body, recorded["request"]!);
            if (delivery["headers"] is { } headers)
            {
                AssertHeaders(headers, actual.Headers);
            }
        }

        if (recorded["dead_letter"] is JsonArray deadLetters)
        {
            await AssertDeadLettersAsync(deadLetters);
        }
    }

    private static void AssertBody(string expected, string actual, JsonNode request)
    {
        if (Recording.TruncatedPrefix(expected) is not { } prefix)
        {
            AssertText(expected, actual, request);
            return;
        }

        // The recording contains only the beginning of the first entry. Compare the properties that are complete.
        var first = JsonNode.Parse(prefix[..(prefix.LastIndexOf("\",\"") + 1)] + "}}]}")!["entries"]![0]!;
        var entries = JsonNode.Parse(actual)!["entries"]!.AsArray();
        Assert.Equal(MaxMessages, entries.Count);
        Assert.Equal($"{first["entryId"]}", $"{entries[0]!["entryId"]}");
        Assert.All(first["event"]!.AsObject(), property =>
            AssertText($"{property.Value!.ToJsonString()}", $"{entries[0]!["event"]![property.Key]?.ToJsonString()}", request));
    }

    private static string Subscriptions(string pubSub, string topic, bool deadLetters)
    {
        var bulk = $$"""{"enabled":true,"maxMessagesCount":{{MaxMessages}},"maxAwaitDurationMs":100}""";
        return deadLetters
            ? $$"""
              [{"pubsubname":"{{pubSub}}","topic":"{{topic}}","route":"/bulk","bulkSubscribe":{{bulk}},"deadLetterTopic":"{{topic}}.dead"},
               {"pubsubname":"{{pubSub}}","topic":"{{topic}}.dead","route":"/dead","metadata":{"rawPayload":"true"} }]
              """
            : $$"""[{"pubsubname":"{{pubSub}}","topic":"{{topic}}","route":"/bulk","bulkSubscribe":{{bulk}} }]""";
    }

    private static AppResponse Success(Call call)
    {
        var entries = JsonNode.Parse(call.Body)!["entries"]!.AsArray();
        return new AppResponse(200, JsonSerializer.Serialize(new { statuses = entries.Select(entry => new { entryId = entry!["entryId"], status = "SUCCESS" }) }));
    }
}
