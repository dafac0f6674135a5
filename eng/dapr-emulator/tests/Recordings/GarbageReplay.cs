using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays garbage.json: invalid records that were appended to a topic without Dapr, and what Dapr did with them.</summary>
internal sealed partial class GarbageReplay() : Replay(new AutoAdvancingTime())
{
    private const string Topic = "gd.2f0e9e";
    private const string Broker = "pubsub.kafka/127.0.0.1:9092/";

    public override Task RunAsync(string name, JsonNode recorded)
    {
        App.Respond = call => Task.FromResult(new AppResponse(200, JsonSerializer.Serialize(new
        {
            statuses = Enumerable.Range(0, 20).Select(id => new { entryId = $"{id}", status = "SUCCESS" }),
        })));
        return recorded["then"] is not null ? ReplayPublishAsync(recorded) : ReplayRecordsAsync(name, recorded);
    }

    // Replays one invalid record, followed by a publish.
    private async Task ReplayPublishAsync(JsonNode recorded)
    {
        var then = recorded["then"]!;
        var topic = then["request"]!["path"]!.GetValue<string>().Split('?')[0].Split('/')[^1];
        Host.AddSetup("kafkadlq.yaml", "resiliency.yaml");
        var sidecar = await StartAsync("bdlq", "kafkadlq", topic, deadLetters: true);
        await AppendAsync(topic, [recorded["record_on_topic"]!]);
        var deadLetters = recorded["dead_letter"]?.AsArray() ?? [];
        await App.WaitForAsync(deadLetters.Count, "/dead");

        await ExchangeAsync(sidecar, then);

        var deliveries = recorded["deliveries"]!.AsArray();
        var calls = await App.WaitForAsync(deliveries.Count, "/bulk");
        Assert.Equal(deliveries.Count, calls.Count);
        foreach (var (expected, actual) in deliveries.Zip(calls))
        {
            AssertHeaders(expected!["headers"], actual.Headers);
            AssertText(expected["body"]!.GetValue<string>(), actual.Body, then["request"]);
        }

        await AssertDeadLettersAsync(deadLetters);
    }

    private async Task ReplayRecordsAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("pubsub.yaml");
        var policy = Policy().Match(recorded["resiliency"]!.GetValue<string>());
        Assert.True(policy.Success);
        var deadLetters = policy.Groups["dead"].Value == "deadLetterTopic set";
        Host.AddResource("policy.yaml", $$$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: policy}
            spec:
              policies:
                retries:
                  retry: {policy: {{{policy.Groups["policy"]}}}, duration: {{{policy.Groups["duration"]}}}, maxRetries: {{{policy.Groups["retries"]}}} }
              targets:
                components:
                  pubsub: {inbound: {retry: retry}}
            """);
        await StartAsync("probe", "pubsub", Topic, deadLetters);
        // The cases were recorded one after the other on the same topic. A record that blocks the topic also affects the later cases.
        foreach (var (earlier, other) in Recording.File("garbage").TakeWhile(entry => !deadLetters && entry.Key != name))
        {
            if (earlier.Split('/')[0] == name.Split('/')[0])
            {
                var before = other!["records_on_topic"]!.AsArray();
                await AppendAsync(Topic, [.. before.SkipLast(1)]);
                await WaitForClockAsync(TimeSpan.FromSeconds(1));
                await AppendAsync(Topic, [before[^1]]);
            }
        }

        // In the recording, the last record was appended after the others were handled or while they were being retried.
        var records = recorded["records_on_topic"]!.AsArray();
        await AppendAsync(Topic, [.. records.SkipLast(1)]);
        var expected = recorded["deliveries"]!.AsArray();
        if (deadLetters)
        {
            await App.WaitForAsync(recorded["dead_letter"]!.AsArray().Count, "/dead");
            await App.WaitForAsync(expected.Count - 1, "/bulk");
        }

        await AppendAsync(Topic, [records[^1]]);
        await App.WaitForAsync(expected.Count, "/bulk");
        if (!deadLetters)
        {
            await WaitForClockAsync(TimeSpan.FromMilliseconds(recorded["observed_for_ms"]!.GetValue<int>()));
        }

        Assert.Equal(
            expected.Select(ids => string.Join(',', ids!.AsArray())),
            App.Calls.Where(call => call.Path == "/bulk").Select(call => string.Join(
                ',', JsonNode.Parse(call.Body)!["entries"]!.AsArray().Select(entry => entry!["event"]!["id"]))));
        await AssertDeadLettersAsync(recorded["dead_letter"]?.AsArray() ?? []);
    }

    // The clock advances only by the delays before retries.
    private Task WaitForClockAsync(TimeSpan observed)
    {
        var started = Time.GetUtcNow();
        return Waiting.UntilAsync(() => Time.GetUtcNow() - started >= observed);
    }

    private Task AppendAsync(string topic, IReadOnlyList<JsonNode?> records) => Host.Broker.AppendAsync(
        Broker + topic, [.. records.Select(record => new NewRecord("k", System.Text.Encoding.UTF8.GetBytes(record!.GetValue<string>()), []))]);

    private async Task<Hosting.Sidecar> StartAsync(string appId, string pubSub, string topic, bool deadLetters)
    {
        var dead = deadLetters ? $",\"deadLetterTopic\":\"{topic}.dead\"" : "";
        App.Subscriptions = new AppResponse(200, $$"""
            [{"pubsubname":"{{pubSub}}","topic":"{{topic}}","route":"/bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":10,"maxAwaitDurationMs":100}{{dead}} },
             {"pubsubname":"{{pubSub}}","topic":"{{topic}}.dead","route":"/dead","metadata":{"rawPayload":"true"} }]
            """);
        await App.StartAsync();
        return await Host.StartAsync(appId, App.Port);
    }

    [GeneratedRegex("^inbound: (?<policy>\\w+) (?<duration>\\w+), maxRetries (?<retries>-?\\d+); (?<dead>no deadLetterTopic|deadLetterTopic set)$")]
    private static partial Regex Policy();
}
