using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Broker;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>garbage.json: records that are no JSON, under an inbound policy without end.</summary>
public sealed class GarbageTests : IAsyncLifetime
{
    private const string Topic = "pubsub.kafka/127.0.0.1:9092/gd.2f0e9e";
    private readonly JumpingTime _time = new();
    private readonly TestHost _host;
    private readonly TestApp _app;

    public GarbageTests()
    {
        _host = new TestHost(_time);
        _app = new TestApp(_time);
    }

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("pubsub.yaml");
        _host.AddResource("forever.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Resiliency
            metadata: {name: forever}
            spec:
              policies:
                retries:
                  forever: {policy: constant, duration: 200ms, maxRetries: -1}
              targets:
                components:
                  pubsub: {inbound: {retry: forever}}
            """);
        await _app.StartAsync();
        _app.Answer = call => Task.FromResult(new Reply(
            200, """{"statuses":[{"entryId":"0","status":"SUCCESS"},{"entryId":"1","status":"SUCCESS"},{"entryId":"2","status":"SUCCESS"}]}"""));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("with_dead_letter_topic/garbage_alone")]
    [InlineData("with_dead_letter_topic/garbage_first_then_good")]
    public async Task With_a_dead_letter_topic_garbage_goes_there_and_the_others_are_handled(string name)
    {
        var recorded = Recording.Case("garbage", name);
        await AppendAsync(recorded);
        await StartAsync(deadLetters: true);

        var letter = (await _app.WaitForAsync(1, "/dead"))[0];
        var expected = recorded["dead_letter"]![0]!;
        Assert.Equal(Mask.Headers(Recording.Headers(expected["headers"])), Mask.Headers(letter.Headers));
        Assert.Equal(Mask.Text(expected["body"]!.GetValue<string>()), Mask.Text(letter.Body));
        var delivered = string.Concat((await _app.WaitForAsync(1, "/bulk")).Select(call => call.Body));
        foreach (var id in recorded["deliveries"]!.AsArray().SelectMany(ids => ids!.AsArray()))
        {
            Assert.Contains($"\"id\": \"{id}\"", delivered);
        }
    }

    [Fact]
    public async Task Without_one_garbage_blocks_its_partition()
    {
        var recorded = Recording.Case("garbage", "without_dead_letter_topic/garbage_alone");
        await AppendAsync(recorded);
        var blocked = _host.Broker.Topic(Topic).PartitionOf("k");
        var started = _time.GetUtcNow();
        await StartAsync(deadLetters: false);

        // It is tried again and again, which makes the time jump, and never committed.
        while (_time.GetUtcNow() - started < TimeSpan.FromMinutes(1))
        {
            await Task.Yield();
        }

        Assert.Equal(0, _host.Broker.Position("probe", blocked));
    }

    private Task AppendAsync(JsonObject recorded) => _host.Broker.AppendAsync(Topic, [.. recorded["records_on_topic"]!.AsArray()
        .Select(record => new NewRecord("k", System.Text.Encoding.UTF8.GetBytes(record!.GetValue<string>()), []))]);

    private async Task StartAsync(bool deadLetters)
    {
        var dead = deadLetters ? ",\"deadLetterTopic\":\"gd.2f0e9e.dead\"" : "";
        _app.Subscriptions = new Reply(200, $$"""
            [{"pubsubname":"pubsub","topic":"gd.2f0e9e","route":"/bulk","bulkSubscribe":{"enabled":true,"maxMessagesCount":10}{{dead}} },
             {"pubsubname":"pubsub","topic":"gd.2f0e9e.dead","route":"/dead","metadata":{"rawPayload":"true"} }]
            """);
        await _host.StartAsync("probe", _app.Port);
    }
}
