using System.Text;
using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays metadata.json. Components are sorted first, because Dapr lists them in any order.</summary>
internal sealed class MetadataReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var sidecar = await StartProbeAsync();
        using var response = await SendAsync(sidecar, recorded["request"]!);
        if (name == "put")
        {
            await AssertResponseAsync(recorded["response"]!, response);
            var key = recorded["request"]!["path"]!.GetValue<string>().Split('/')[^1];
            Assert.Equal(
                Encoding.UTF8.GetString(Recording.Body(recorded["request"]!["body"])),
                JsonNode.Parse(await Host.GetAsync(sidecar, "/v1.0/metadata"))!["extended"]![Uri.UnescapeDataString(key)]!.GetValue<string>());
            return;
        }

        AssertHeaders(recorded["response"]!["headers"], HeadersOf(response));
        Assert.Equal(Shape(recorded["response"]!["body"]!.GetValue<string>(), 4600), Shape(await response.Content.ReadAsStringAsync(Cancel), App.Port));
    }

    private static string Shape(string body, int port)
    {
        var metadata = JsonNode.Parse(body)!.AsObject();
        Assert.Equal(port, metadata["appConnectionProperties"]!["port"]!.GetValue<int>());
        metadata["appConnectionProperties"]!["port"] = 0;
        metadata["components"] = new JsonArray([.. metadata["components"]!.AsArray()
            .Select(one => one!.DeepClone()).OrderBy(one => one["name"]!.GetValue<string>(), StringComparer.Ordinal)]);
        return Mask.ByValue(metadata.ToJsonString());
    }
}
