using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>bulk_delivery.json (no inbound policy) and bulk_dead_letter.json (three retries and a dead-letter topic).</summary>
public sealed class BulkDeliveryTests : IAsyncLifetime
{
    private const int ToleranceMilliseconds = 15;
    private readonly JumpingTime _time = new();
    private readonly TestHost _host;
    private readonly TestApp _app;

    public BulkDeliveryTests()
    {
        _host = new TestHost(_time);
        _app = new TestApp(_time);
    }

    public static TheoryData<string> WithoutPolicy => Recording.Cases("bulk_delivery");

    public static TheoryData<string> WithPolicy => Recording.Cases("bulk_dead_letter");

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("kafkadlq.yaml", "pubsub.yaml", "resiliency.yaml");
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(WithoutPolicy))]
    public Task Without_a_policy_a_batch_comes_again_as_a_whole(string name) => RunAsync("bulk_delivery", name, "probe");

    [Theory]
    [MemberData(nameof(WithPolicy))]
    public Task With_a_policy_only_the_entries_that_asked_for_it_come_again(string name) => RunAsync("bulk_dead_letter", name, "bdlq");

    private async Task RunAsync(string file, string name, string appId)
    {
        var recorded = Recording.Case(file, name);
        var path = recorded["request"]!["path"]!.GetValue<string>();
        var (pubSub, topic) = (path.Split('/')[^2], path.Split('/')[^1]);
        var deadLetters = recorded.ContainsKey("dead_letter");
        _app.Subscriptions = new Reply(200, Subscriptions(pubSub, topic, deadLetters));
        var expected = recorded["deliveries"]!.AsArray();
        var answers = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        _app.Answer = call => Task.FromResult(call.Path == "/dead" ? new Reply(200) : Next(answers, call));
        var sidecar = await _host.StartAsync(appId, _app.Port);

        using var request = Recording.Request(recorded["request"]!, TestHost.AddressOf(sidecar));
        using var answer = await _host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await _app.WaitForAsync(expected.Count, "/bulk");
        await PassSentinelAsync(sidecar, pubSub, topic, expected.Count);

        var deliveries = _app.Calls.Where(call => call.Path == "/bulk" && !call.Body.Contains("sentinel")).ToList();
        Assert.Equal(expected.Count, deliveries.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            var after = (deliveries[i].At - deliveries[0].At).TotalMilliseconds;
            Assert.InRange(expected[i]!["after_ms"]!.GetValue<int>() - after, 0, ToleranceMilliseconds);
            AssertBody(expected[i]!["body"]!.GetValue<string>(), deliveries[i].Body, Recording.Compact(recorded["request"]));
        }

        if (recorded["dead_letter"] is JsonArray letters)
        {
            var buried = await _app.WaitForAsync(letters.Count, "/dead");
            Assert.Equal(
                letters.Select(letter => Mask.Headers(Recording.Headers(letter!["headers"]))),
                buried.Select(letter => Mask.Headers(letter.Headers)));
            Assert.All(buried, letter => Assert.Contains("\"data_base64\":", letter.Body));
        }
    }

    private async Task PassSentinelAsync(Hosting.Sidecar sidecar, string pubSub, string topic, int before)
    {
        using var answer = await _host.PostAsync(sidecar, $"/v1.0/publish/{pubSub}/{topic}?metadata.partitionKey=k", "\"sentinel\"");
        await _app.WaitForAsync(before + 1, "/bulk");
    }

    private static void AssertBody(string expected, string actual, string request)
    {
        if (expected.Contains("... ("))
        {
            // The recording is cut; what there is of it must be there.
            expected = expected[..expected.IndexOf("\"time\"", StringComparison.Ordinal)];
            actual = actual[..expected.Length];
        }

        Assert.Equal(Mask.Text(expected, request), Mask.Text(actual, request));
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

        var answer = answers.Count > 1 ? answers.Dequeue() : answers.Peek();
        return new Reply(answer["status"]!.GetValue<int>(), answer["body"]!.GetValue<string>());
    }
}
