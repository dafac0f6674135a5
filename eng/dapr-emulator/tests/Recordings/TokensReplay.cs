using System.Text.Json.Nodes;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays tokens.json: a sidecar with an API token and an app token.</summary>
internal sealed class TokensReplay() : Replay(apiToken: "secret", appToken: "appsecret")
{
    public override async Task RunAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("mem.yaml");
        await App.StartAsync();
        var sidecar = await Host.StartAsync("tok", App.Port);
        var before = App.Calls.Count;
        if (recorded["app_received"] is JsonArray { Count: > 0 } scripted && scripted[0]!["answer"] is { } response)
        {
            App.Respond = _ => Task.FromResult(ResponseFrom(response));
        }

        await ExchangeAsync(sidecar, recorded);

        if (recorded["app_received"] is JsonArray received)
        {
            // Of all headers, the recording contains only the token.
            Assert.Equal(
                received.Select(call => $"{call!["method"]} {call["path"]} {call["headers"]!["Dapr-Api-Token"]}"),
                App.Calls.Skip(before).Select(call => $"{call.Method} {call.Path} {call.Headers.GetValueOrDefault("dapr-api-token")}"));
        }
    }
}
