using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>bulk_delivery.json (no inbound policy) and bulk_dead_letter.json (three retries and a dead-letter topic).</summary>
internal sealed class BulkDeliveryPlayer(string appId) : Player(new JumpingTime())
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("kafkadlq.yaml", "pubsub.yaml", "resiliency.yaml");
        var path = recorded["request"]!["path"]!.GetValue<string>().Split('?')[0];
        var (pubSub, topic) = (path.Split('/')[^2], path.Split('/')[^1]);
        App.Subscriptions = new Reply(200, Subscriptions(pubSub, topic, recorded["dead_letter"] is not null));
        var expected = recorded["deliveries"]!.AsArray();
        var answers = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        App.Answer = call => Task.FromResult(call.Path == "/dead" ? new Reply(200) : Next(answers, call));
        await App.StartAsync();
        var sidecar = await Host.StartAsync(appId, App.Port);

        await ExchangeAsync(sidecar, recorded);
        await App.WaitForAsync(expected.Count, "/bulk");
        using var sentinel = await Host.PostAsync(sidecar, $"/v1.0/publish/{pubSub}/{topic}?metadata.partitionKey=k", "\"sentinel\"");
        await App.WaitForAsync(expected.Count + 1, "/bulk");

        var deliveries = App.Calls.Where(call => call.Path == "/bulk" && !call.Body.Contains("sentinel")).ToList();
        Assert.Equal(expected.Count, deliveries.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            AssertAt(expected[i]!["after_ms"]!, deliveries[0].At, deliveries[i].At);
            AssertText(expected[i]!["body"]!.GetValue<string>(), deliveries[i].Body, Recording.Compact(recorded["request"]));
            if (expected[i]!["headers"] is { } headers)
            {
                Assert.Equal(Mask.Headers(Recording.Headers(headers)), Mask.Headers(deliveries[i].Headers));
            }
        }

        if (recorded["dead_letter"] is JsonArray letters)
        {
            var buried = await App.WaitForAsync(letters.Count, "/dead");
            Assert.Equal(letters.Select(letter => Shape(Recording.Headers(letter!["headers"]), letter["body"]!.GetValue<string>())),
                buried.Select(letter => Shape(letter.Headers, letter.Body)));
        }
    }

    // Letters carry the event in base64, and in it what is volatile.
    private static string Shape(Dictionary<string, string> headers, string body)
    {
        if (Recording.Beginning(body) is not null)
        {
            return Mask.Headers(headers);
        }

        var letter = JsonNode.Parse(body)!.AsObject();
        var data = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(letter["data_base64"]!.GetValue<string>()));
        letter.Remove("data_base64");
        return $"{Mask.Headers(headers)}\n{Mask.Text(letter.ToJsonString())}\n{Mask.Text(data)}";
    }

    private static string Subscriptions(string pubSub, string topic, bool deadLetters)
    {
        const string Bulk = """{"enabled":true,"maxMessagesCount":10,"maxAwaitDurationMs":100}""";
        return deadLetters
            ? $$"""
              [{"pubsubname":"{{pubSub}}","topic":"{{topic}}","route":"/bulk","bulkSubscribe":{{Bulk}},"deadLetterTopic":"{{topic}}.dead"},
               {"pubsubname":"{{pubSub}}","topic":"{{topic}}.dead","route":"/dead","metadata":{"rawPayload":"true"} }]
              """
            : $$"""[{"pubsubname":"{{pubSub}}","topic":"{{topic}}","route":"/bulk","bulkSubscribe":{{Bulk}} }]""";
    }

    private static Reply Next(Queue<JsonNode> answers, Call call)
    {
        if (call.Body.Contains("sentinel"))
        {
            var ids = Regex.Matches(call.Body, "\"entryId\":\"(\\d+)\"").Select(match => match.Groups[1].Value);
            return new Reply(200, JsonSerializer.Serialize(new { statuses = ids.Select(id => new { entryId = id, status = "SUCCESS" }) }));
        }

        return ReplyOf(answers.Count > 1 ? answers.Dequeue() : answers.Peek());
    }
}
