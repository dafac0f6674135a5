using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays component_errors.json: resource files with which Dapr does not start or starts with a warning.</summary>
internal sealed class ComponentErrorReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var texts = recorded["yaml"] is JsonArray several ? several.Select(text => text!.GetValue<string>()) : [recorded["yaml"]!.GetValue<string>()];
        foreach (var (number, text) in texts.Index())
        {
            Host.AddResource($"c{number}.yaml", text);
        }

        if (name == "broken_yaml")
        {
            // Dapr ignores the file and logs the line of the error.
            Assert.Equal("still running", recorded["exit_status"]!.GetValue<string>());
            Assert.Contains(recorded["errors"]!.AsArray(), error => error!.GetValue<string>().Contains("line 3"));
            Assert.True((await Host.StartAsync("probe")).IsReady);
            Assert.Contains(Host.Log, entry => entry.StartsWith("Warning") && entry.Contains("c0.yaml:3:"));
            return;
        }

        Assert.Equal(1, recorded["exit_status"]!.GetValue<int>());
        var fatal = recorded["errors"]!.AsArray()[^1]!.GetValue<string>().Trim('"').Replace("\\\"", "\"").Replace("Fatal error from runtime: ", "");
        // The emulator adds the list of types that it supports.
        Assert.StartsWith(fatal, Assert.Throws<ResourceException>(() => Host.Create("probe")).Message);
    }
}
