using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>publish.json and bulk_publish.json: request, answer, and what the subscriber then received.</summary>
public sealed class PublishTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);

    public static TheoryData<string> Singles => Recording.Cases("publish");

    // What was published in the last one was cut out of the recording; it has a test of its own.
    public static TheoryData<string> Bulks => Recording.Cases("bulk_publish", "one_entry_too_large_for_broker");

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("kafkadlq.yaml", "mem.yaml", "pubsub.yaml", "redis.yaml", "resiliency.yaml", "scoped.yaml");
        var subscriptions = Recording.Case("startup", "calls_to_app")["calls"]![1]!["answer"]!["body"]!.GetValue<string>();
        _app.Subscriptions = new Reply(200, subscriptions);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Singles))]
    public Task A_publish_is_answered_and_delivered_as_recorded(string name) => RunAsync(Recording.Case("publish", name));

    [Theory]
    [MemberData(nameof(Bulks))]
    public Task A_bulk_publish_is_answered_and_delivered_as_recorded(string name) => RunAsync(Recording.Case("bulk_publish", name));

    [Fact]
    public async Task Only_the_entry_that_the_broker_refuses_fails()
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);
        var large = new string('x', 1_536_000);
        var body = $$"""
            [{"entryId":"1","event":{"n":1},"contentType":"application/json"},
             {"entryId":"2","event":"{{large}}","contentType":"application/json"},
             {"entryId":"3","event":{"n":3},"contentType":"application/json"}]
            """;
        var recorded = Recording.Case("bulk_publish", "one_entry_too_large_for_broker");

        using var answer = await _host.PostAsync(sidecar, recorded["request"]!["path"]!.GetValue<string>(), body);

        await AssertAnswerAsync(recorded, answer);
        Assert.Equal(2, (await _app.WaitForAsync(2, "/in")).Count);
    }

    private async Task RunAsync(JsonObject recorded)
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);
        using var request = Recording.Request(recorded["request"]!, TestHost.AddressOf(sidecar));
        using var answer = await _host.Client.SendAsync(request, TestContext.Current.CancellationToken);

        await AssertAnswerAsync(recorded, answer);
        if (recorded["delivered"] is JsonArray { Count: > 0 } delivered)
        {
            await AssertDeliveredAsync(delivered, Recording.Compact(recorded["request"]));
        }
    }

    private static async Task AssertAnswerAsync(JsonObject recorded, HttpResponseMessage answer)
    {
        var expected = recorded["response"]!;
        Assert.Equal(expected["status"]!.GetValue<int>(), (int)answer.StatusCode);
        Assert.Equal(Mask.Text(expected["body"]!.GetValue<string>()), Mask.Text(await answer.Content.ReadAsStringAsync()));
        Assert.Equal(Mask.Headers(Recording.Headers(expected["headers"])), Mask.Headers(Answers.Headers(answer)));
    }

    // Entries of a bulk publish reach different partitions, and these the app in any order.
    private async Task AssertDeliveredAsync(JsonArray delivered, string request)
    {
        var path = delivered[0]!["path"]!.GetValue<string>();
        var calls = await _app.WaitForAsync(delivered.Count, path);
        var expected = delivered.Select(call => Shape(
            call!["method"]!.GetValue<string>(), Recording.Headers(call["headers"]), call["body"]!.GetValue<string>(), request));
        var actual = calls.Select(call => Shape(call.Method, call.Headers, call.Body, request));
        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    private static string Shape(string method, Dictionary<string, string> headers, string body, string request) =>
        $"{method}\n{Mask.Headers(headers, request)}\n{Mask.Text(body, request)}";
}
