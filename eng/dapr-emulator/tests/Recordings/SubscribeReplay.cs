using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays subscribe.json: the response of the app to GET /dapr/subscribe, and the resulting subscriptions.</summary>
internal sealed class SubscribeReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("mem.yaml");
        var body = recorded["answer"]!["body"]!;
        App.Subscriptions = new AppResponse(
            recorded["answer"]!["status"]!.GetValue<int>(), body is JsonValue text ? text.GetValue<string>() : body.ToJsonString());
        await App.StartAsync();
        var sidecar = await Host.StartAsync("subs", App.Port);

        using var health = await Host.Client.GetAsync(TestHost.AddressOf(sidecar) + "/v1.0/healthz", Cancel);
        Assert.Equal(recorded["healthz"]!.GetValue<int>(), (int)health.StatusCode);
        var metadata = JsonNode.Parse(await Host.GetAsync(sidecar, "/v1.0/metadata"))!;
        Assert.True(JsonNode.DeepEquals(recorded["subscriptions"], metadata["subscriptions"]), $"{recorded["subscriptions"]} is not {metadata["subscriptions"]}");

        using var response = await Host.PostAsync(sidecar, "/v1.0/publish/mem/t", "{}");
        Assert.Equal(recorded["publish"]!.GetValue<int>(), (int)response.StatusCode);
        var calls = recorded["calls"]!.AsArray().Select(call => call!.GetValue<string>()).ToArray();
        await App.WaitForAsync(calls.Length, [.. calls.Select(call => call.Split(' ')[1])]);
        Assert.Equal(calls, App.Calls.Select(call => $"{call.Method} {call.Path}"));
        foreach (var line in recorded["log"]!.AsArray())
        {
            Assert.Contains(Host.Log, entry => entry.Contains(line!.GetValue<string>().Trim('"')));
        }
    }
}
