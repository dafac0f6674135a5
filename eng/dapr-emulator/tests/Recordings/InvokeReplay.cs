using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>Replays invoke.json and invoke_with_timeout_policy.json. For the latter, only the test advances the clock.</summary>
internal sealed class InvokeReplay(TimeProvider time) : Replay(time)
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static readonly TimeSpan PolicyTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PastExpiry = TimeSpan.FromSeconds(6);

    public override async Task RunAsync(string name, JsonNode recorded)
    {
        Host.AddSetup("mem.yaml");
        if (Time is FakeTimeProvider)
        {
            Host.AddSetup("invoke-timeout.yaml");
        }

        await App.StartAsync();
        var caller = await Host.StartAsync("caller");
        var callee = await Host.StartAsync("callee", App.Port);
        var received = recorded["app_received"]?.AsArray() ?? [];
        App.Respond = _ => Task.FromResult(CreateResponse(name, recorded, received));
        switch (name)
        {
            case "sidecar_killed" or "sidecar_killed_again":
                await callee.KillAsync();
                break;
            case "sidecar_killed_after_expiry":
                await callee.KillAsync();
                Advance(PastExpiry);
                break;
            case "app_down_sidecar_up":
                await App.DisposeAsync();
                break;
            default:
                break;
        }

        var started = Time.GetUtcNow();
        await ExchangeAsync(caller, recorded);
        AssertAt(recorded["took_ms"]!, started, Time.GetUtcNow());
        // The recording of the slow app does not contain the call that reached the app before the timeout.
        if (recorded["app_received"] is not null && name != "slow_app_3s")
        {
            await AssertReceivedAsync(received);
        }
    }

    private async Task AssertReceivedAsync(JsonArray received)
    {
        await App.WaitForAsync(received.Count);
        var calls = App.Calls.Where(call => !call.Path.StartsWith("/dapr/")).ToList();

        Assert.Equal(received.Count, calls.Count);
        foreach (var (expected, actual) in received.Zip(calls))
        {
            Assert.Equal($"{expected!["method"]} {expected["path"]}", $"{actual.Method} {actual.Path}");
            AssertText(expected["body"]!.GetValue<string>(), actual.Body);
            if (expected["headers"] is { } headers)
            {
                AssertHeaders(headers, actual.Headers, Trace);
            }
        }
    }

    private AppResponse CreateResponse(string name, JsonNode recorded, JsonArray received)
    {
        if (name == "slow_app_3s")
        {
            Advance(PolicyTimeout);
        }

        return received.Count == 0 ? new AppResponse(200)
            : received[0]!["answer"] is { } response ? ResponseFrom(response)
            : new AppResponse(recorded["response"]!["status"]!.GetValue<int>(), recorded["response"]!["body"]!.GetValue<string>());
    }

    private void Advance(TimeSpan time)
    {
        if (Time is FakeTimeProvider fake)
        {
            fake.Advance(time);
        }
        else
        {
            ((AutoAdvancingTime)Time).Advance(time);
        }
    }
}
