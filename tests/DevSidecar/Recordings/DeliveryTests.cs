using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>delivery.json: one event, the answers of the app in turn, and when it came again.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private const int ToleranceMilliseconds = 15;
    private readonly JumpingTime _time = new();
    private readonly TestHost _host;
    private readonly TestApp _app;

    public DeliveryTests()
    {
        _host = new TestHost(_time);
        _app = new TestApp(_time);
    }

    public static TheoryData<string> Cases => Recording.Cases("delivery");

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");
        _app.Subscriptions = new Reply(200, Recording.Case("startup", "calls_to_app")["calls"]![1]!["answer"]!["body"]!.GetValue<string>());
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_event_comes_as_often_and_in_the_rhythm_that_was_recorded(string name)
    {
        var recorded = Recording.Case("delivery", name);
        var expected = recorded["deliveries"]!.AsArray();
        var answers = new Queue<JsonNode>(expected.Select(delivery => delivery!["answer"]!));
        _app.Answer = call => Task.FromResult(call.Body.Contains("sentinel") || call.Path == "/dead" ? new Reply(200) : Next(answers));
        var sidecar = await _host.StartAsync("probe", _app.Port);

        using var request = Recording.Request(recorded["request"]!, TestHost.AddressOf(sidecar));
        using var answer = await _host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var paths = new[] { "/in", "/dlq-in", "/red", "/mem" };
        await _app.WaitForAsync(expected.Count, paths);
        await PassSentinelsAsync(sidecar, recorded["request"]!["path"]!.GetValue<string>(), expected.Count, paths);

        var deliveries = _app.Calls.Where(call => paths.Contains(call.Path) && !call.Body.Contains("sentinel")).ToList();
        Assert.Equal(expected.Count, deliveries.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            var after = (deliveries[i].At - deliveries[0].At).TotalMilliseconds;
            Assert.InRange(expected[i]!["after_ms"]!.GetValue<int>() - after, 0, ToleranceMilliseconds);
        }

        await AssertDeadLettersAsync(recorded["dead_letter"]?.AsArray() ?? []);
    }

    // One event without a key for each partition: when they have come, nothing before them is still to come.
    private async Task PassSentinelsAsync(Hosting.Sidecar sidecar, string path, int before, string[] paths)
    {
        for (var partition = 0; partition < 3; partition++)
        {
            using var answer = await _host.PostAsync(sidecar, path, "\"sentinel\"");
        }

        await _app.WaitForAsync(before + 3, paths);
    }

    private async Task AssertDeadLettersAsync(JsonArray expected)
    {
        var letters = await _app.WaitForAsync(expected.Count, "/dead");
        Assert.Equal(
            expected.Select(letter => Mask.Headers(Recording.Headers(letter!["headers"])) + "\n" + Mask.Text(letter["body"]!.GetValue<string>())),
            letters.Select(letter => Mask.Headers(letter.Headers) + "\n" + Mask.Text(letter.Body)));
    }

    private static Reply Next(Queue<JsonNode> answers)
    {
        // What fails always failed once more than it was recorded, if it comes once more.
        var answer = answers.Count > 1 ? answers.Dequeue() : answers.Peek();
        return new Reply(answer["status"]!.GetValue<int>(), answer["body"]!.GetValue<string>());
    }
}
