using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays shutdown.json: the response, and the graceful stop of the sidecar.</summary>
internal sealed class ShutdownReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        var sidecar = await Host.StartAsync("probe");
        await ExchangeAsync(sidecar, Recording.Case("shutdown", "shutdown"));
        if (name == "exit_status")
        {
            // A sidecar of the emulator is not a process and has no exit status. The test is that it stops without an error.
            await Waiting.ForAsync(sidecar.ShutdownRequested, () => "the sidecar to accept the shutdown");
            await sidecar.StopAsync();
            Assert.Equal(0, recorded["exit_status"]!.GetValue<int>());
        }
    }
}
