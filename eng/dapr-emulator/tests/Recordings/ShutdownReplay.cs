using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>shutdown.json: the response, and that the sidecar then ends gracefully.</summary>
internal sealed class ShutdownReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var sidecar = await Host.StartAsync("probe");
        await ExchangeAsync(sidecar, Recording.Case("shutdown", "shutdown"));
        if (name == "exit_status")
        {
            // A sidecar is not a process here: it has ended well when stopping it does not fail.
            await Waiting.ForAsync(sidecar.ShutdownRequested, () => "the sidecar to accept the shutdown");
            await sidecar.StopAsync();
            Assert.Equal(0, recorded["exit_status"]!.GetValue<int>());
        }
    }
}
