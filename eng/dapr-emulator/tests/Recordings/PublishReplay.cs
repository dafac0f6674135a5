using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays publish.json and bulk_publish.json: the request, the response, and the deliveries to the subscriber.</summary>
internal sealed class PublishReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var sidecar = await StartProbeAsync();
        await ExchangeAsync(sidecar, recorded);
        if (recorded["delivered"] is not JsonArray { Count: > 0 } delivered)
        {
            return;
        }

        // For some deliveries, the recording contains only the data.
        var paths = delivered.Select(call => call!["path"]?.GetValue<string>()).Distinct().ToArray();
        var isData = paths is [null];
        var calls = await App.WaitForAsync(delivered.Count, isData ? ["/in", "/mem", "/red", "/dlq-in", "/scoped"] : [.. paths.OfType<string>()]);
        var request = recorded["request"]!.ToJsonString();
        // Entries of a bulk publish go to different partitions, so they arrive in any order.
        Assert.Equal(
            delivered.Select(call => isData ? Mask.ByValue(call!.ToJsonString()) : Shape(call!, request)).Order(StringComparer.Ordinal),
            calls.Select(call => isData
                ? Mask.ByValue(JsonNode.Parse(call.Body)!["data"]!.ToJsonString())
                : Shape(call.Method, call.Path, call.Headers, call.Body, request)).Order(StringComparer.Ordinal));
    }

    private static string Shape(JsonNode call, string request) => Shape(
        call["method"]!.GetValue<string>(), call["path"]!.GetValue<string>(), Recording.Headers(call["headers"]), call["body"]!.GetValue<string>(), request);

    private static string Shape(string method, string path, Dictionary<string, string> headers, string body, string request) =>
        $"{method} {path}\n{Mask.Headers(headers, request)}\n{Mask.Text(body, request)}";
}
