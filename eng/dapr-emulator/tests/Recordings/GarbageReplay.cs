using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>garbage.json: records put on the topic past Dapr, and what then came of it.</summary>
internal sealed partial class GarbagePlayer() : Player(new JumpingTime())
{
    private const string Topic = "gd.2f0e9e";
    private const string Broker = "pubsub.kafka/127.0.0.1:9092/";

    public override Task PlayAsync(string name, JsonNode recorded)
    {
        App.Answer = call => Task.FromResult(new Reply(200, JsonSerializer.Serialize(new
        {
            statuses = Enumerable.Range(0, 20).Select(id => new { entryId = $"{id}", status = "SUCCESS" }),
        })));
        return recorded["then"] is not null ? PlayThenAsync(recorded) : PlayRecordsAsync(name, recorded);
    }

    // One record, and then a publish.
    private async Task PlayThenAsync(JsonNode recorded)
    {
        var then = recorded["then"]!;
        var topic = then["request"]!["path"]!.GetValue<string>().Split('?')[0].Split('/')[^1];
        Host.AddSetup("kafkadlq.yaml", "resiliency.yaml");
        var sidecar = await StartAsync("bdlq", "kafkadlq", topic, deadLetters: true);
        await AppendAsync(topic, [recorded["record_on_topic"]!]);
        var letters = recorded["dead_letter"]?.AsArray() ?? [];
        await App.WaitForAsync(letters.Count, "/dead");

        await ExchangeAsync(sidecar, then);

        var deliveries = recorded["deliveries"]!.AsArray();
        var calls = await App.WaitForAsync(deliveries.Count, "/bulk");
        var request = Recording.Compact(then["request"]);
        Assert.Equal(deliveries.Count, calls.Count);
        foreach (var (expected, actual) in deliveries.Zip(calls))
        {
            Assert.Equal(Mask.Headers(Recording.Headers(expected!["headers"])), Mask.Headers(actual.Headers));
            AssertText(expected["body"]!.GetValue<string>(), actual.Body, request);
        }

        await AssertLettersAsync(letters);
    }

    private async Task PlayRecordsAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("pubsub.yaml");
        var said = Policy().Match(recorded["resiliency"]!.GetValue<string>());
        Assert.True(said.Success);
        var deadLetters = said.Groups["dead"].Value == "deadLetterTopic set";
        Host.AddResource("policy.yaml", $$$"""
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: policy}
            spec:
              policies:
                retries:
                  retry: {policy: {{{said.Groups["policy"]}}}, duration: {{{said.Groups["duration"]}}}, maxRetries: {{{said.Groups["retries"]}}} }
              targets:
                components:
                  pubsub: {inbound: {retry: retry}}
            """);
        await StartAsync("probe", "pubsub", Topic, deadLetters);
        // They were recorded one after the other on one topic; what blocks it does so for those that follow.
        foreach (var (earlier, other) in Recording.File("garbage").TakeWhile(entry => !deadLetters && entry.Key != name))
        {
            if (earlier.Split('/')[0] == name.Split('/')[0])
            {
                var before = other!["records_on_topic"]!.AsArray();
                await AppendAsync(Topic, [.. before.SkipLast(1)]);
                await PassAsync(TimeSpan.FromSeconds(1));
                await AppendAsync(Topic, [before[^1]]);
            }
        }

        // The last record came when all before it was done with, or was tried again.
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
            await PassAsync(TimeSpan.FromMilliseconds(recorded["observed_for_ms"]!.GetValue<int>()));
        }

        Assert.Equal(
            expected.Select(ids => string.Join(',', ids!.AsArray())),
            App.Calls.Where(call => call.Path == "/bulk").Select(call => string.Join(
                ',', JsonNode.Parse(call.Body)!["entries"]!.AsArray().Select(entry => entry!["event"]!["id"]))));
        await AssertLettersAsync(recorded["dead_letter"]?.AsArray() ?? []);
    }

    // The clock moves only by the pauses before what is tried again.
    private Task PassAsync(TimeSpan observed)
    {
        var started = Time.GetUtcNow();
        return Waiting.UntilAsync(() => Time.GetUtcNow() - started >= observed);
    }

    private async Task AssertLettersAsync(JsonArray expected)
    {
        var letters = await App.WaitForAsync(expected.Count, "/dead");
        Assert.Equal(
            expected.Select(letter => Mask.Headers(Recording.Headers(letter!["headers"])) + "\n" + Mask.Text(letter["body"]!.GetValue<string>())),
            letters.Select(letter => Mask.Headers(letter.Headers) + "\n" + Mask.Text(letter.Body)));
    }

    private Task AppendAsync(string topic, IReadOnlyList<JsonNode?> records) => Host.Broker.AppendAsync(
        Broker + topic, [.. records.Select(record => new NewRecord("k", System.Text.Encoding.UTF8.GetBytes(record!.GetValue<string>()), []))]);

    private async Task<Hosting.Sidecar> StartAsync(string appId, string pubSub, string topic, bool deadLetters)
    {
        var dead = deadLetters ? $",\"deadLetterTopic\":\"{topic}.dead\"" : "";
        App.Subscriptions = new Reply(200, $$"""
            [{"pubsubname":"{{pubSub}}","topic":"{{topic}}","route":"/bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":10,"maxAwaitDurationMs":100}{{dead}} },
             {"pubsubname":"{{pubSub}}","topic":"{{topic}}.dead","route":"/dead","metadata":{"rawPayload":"true"} }]
            """);
        await App.StartAsync();
        return await Host.StartAsync(appId, App.Port);
    }

    [GeneratedRegex("^inbound: (?<policy>\\w+) (?<duration>\\w+), maxRetries (?<retries>-?\\d+); (?<dead>no deadLetterTopic|deadLetterTopic set)$")]
    private static partial Regex Policy();
}
