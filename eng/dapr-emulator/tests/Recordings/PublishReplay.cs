using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>publish.json and bulk_publish.json: request, answer, and what the subscriber then received.</summary>
internal sealed class PublishPlayer : Player
{
    public override async Task PlayAsync(string name, JsonNode recorded)
    {
        var sidecar = await StartProbeAsync();
        await ExchangeAsync(sidecar, recorded);
        if (recorded["delivered"] is not JsonArray { Count: > 0 } delivered)
        {
            return;
        }

        // What is only told by its data may come wherever the topic is subscribed to.
        var paths = delivered.Select(call => call!["path"]?.GetValue<string>()).Distinct().ToArray();
        var calls = await App.WaitForAsync(delivered.Count, paths is [null] ? ["/in", "/mem", "/red", "/dlq-in", "/scoped"] : [.. paths.OfType<string>()]);
        var request = Recording.Compact(recorded["request"]);
        // Entries of a bulk publish reach different partitions, and these the app in any order.
        Assert.Equal(
            delivered.Select(call => Shape(call!, request)).Order(StringComparer.Ordinal),
            calls.Select(call => paths is [null]
                ? Recording.Compact(JsonNode.Parse(call.Body)!["data"])
                : Shape(call.Method, call.Path, call.Headers, call.Body, request)).Order(StringComparer.Ordinal));
    }

    private static string Shape(JsonNode call, string request) => call["path"] is { } path
        ? Shape(call["method"]!.GetValue<string>(), path.GetValue<string>(), Recording.Headers(call["headers"]), call["body"]!.GetValue<string>(), request)
        : Recording.Compact(call);

    private static string Shape(string method, string path, Dictionary<string, string> headers, string body, string request) =>
        $"{method} {path}\n{Mask.Headers(headers, request)}\n{Mask.Text(body, request)}";
}
