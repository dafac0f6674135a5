using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Tests.Support;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>subscribe.json: what the app answered to GET /dapr/subscribe, and what came of it.</summary>
public sealed class SubscribeTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);

    public static TheoryData<string> Cases => Recording.Cases("subscribe");

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("mem.yaml");
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_answer_becomes_the_subscriptions_that_were_recorded(string name)
    {
        var recorded = Recording.Case("subscribe", name);
        var body = recorded["answer"]!["body"]!;
        _app.Subscriptions = new Reply(recorded["answer"]!["status"]!.GetValue<int>(), body is JsonArray ? body.ToJsonString() : body.GetValue<string>());
        var sidecar = await _host.StartAsync("subs", _app.Port);

        Assert.True(sidecar.IsReady);
        var metadata = JsonNode.Parse(await _host.GetAsync(sidecar, "/v1.0/metadata"))!;
        Assert.Equal(recorded["subscriptions"]?.ToJsonString(), metadata["subscriptions"]?.ToJsonString());

        using var answer = await _host.PostAsync(sidecar, "/v1.0/publish/mem/t", "{}");
        Assert.Equal(recorded["publish"]!.GetValue<int>(), (int)answer.StatusCode);
        var calls = recorded["calls"]!.AsArray().Select(call => call!.GetValue<string>()).ToArray();
        await _app.WaitForAsync(calls.Length, [.. calls.Select(call => call.Split(' ')[1])]);
        Assert.Equal(calls, _app.Calls.Select(call => $"{call.Method} {call.Path}"));
        foreach (var line in recorded["log"]!.AsArray())
        {
            Assert.Contains(_host.Log, text => text.Contains(line!.GetValue<string>().Trim('"')));
        }
    }
}
