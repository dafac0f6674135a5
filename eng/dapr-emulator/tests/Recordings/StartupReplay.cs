using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays startup.json: the calls of the sidecar to the app at the start.</summary>
internal sealed class StartupReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        AddProbeSetup();
        var calls = recorded["calls"]!.AsArray();
        var responses = calls.GroupBy(call => call!["path"]!.GetValue<string>())
            .ToDictionary(group => group.Key, group => new Queue<JsonNode>(group.Select(call => call!["answer"]!)));
        App.Startup = call => responses.TryGetValue(call.Path, out var queue) && queue.TryDequeue(out var response) ? ResponseFrom(response) : new AppResponse(404);
        await App.StartAsync();
        await Host.StartAsync("probe", App.Port);

        Assert.Equal(
            calls.Select(call => Shape(
                call!["method"]!.GetValue<string>(), call["path"]!.GetValue<string>(), Recording.Headers(call["headers"]), call["body"]!.GetValue<string>())),
            App.Calls.Select(call => Shape(call.Method, call.Path, call.Headers, call.Body)));
    }

    private static string Shape(string method, string path, Dictionary<string, string> headers, string body) =>
        $"{method} {path}\n{Mask.Headers(headers)}\n{body}";
}
