using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays health.json: requests before and after the app listens.</summary>
internal sealed class HealthReplay : Replay
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        AddProbeSetup();
        if (name.EndsWith("_before_app_listens"))
        {
            await using var waiting = Host.Create("probe", FreePort.Take());
            await waiting.StartAsync();
            await ExchangeAsync(waiting, recorded);
            return;
        }

        await App.StartAsync();
        await ExchangeAsync(await Host.StartAsync("probe", App.Port), recorded);
    }
}
