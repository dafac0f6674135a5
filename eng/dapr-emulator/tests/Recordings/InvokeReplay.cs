using System.Text.Json.Nodes;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.DaprEmulator.Tests.Recordings;

/// <summary>invoke.json and invoke_with_timeout_policy.json. What was broken before the call, and how slow the app was, is read off the answer.</summary>
internal sealed class InvokePlayer(TimeProvider time) : Player(time)
{
    private const string Trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    public override async Task PlayAsync(string name, JsonNode recorded)
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
        App.Answer = _ => Task.FromResult(Answer(recorded, received));
        var body = recorded["response"]!["body"]!.GetValue<string>();
        var path = recorded["request"]!["path"]!.GetValue<string>();
        if (body.Contains("code = Unavailable") || (body.Contains("no host found") && path.Contains("/invoke/callee/")))
        {
            await callee.KillAsync();
        }

        if (body.Contains("no host found"))
        {
            // Later than a registration lives.
            Pass(TimeSpan.FromSeconds(6));
        }

        if (body.Contains("code = Internal") && body.Contains("connection refused"))
        {
            await App.DisposeAsync();
        }

        var started = Time.GetUtcNow();
        await ExchangeAsync(caller, recorded);
        AssertAt(recorded["took_ms"]!, started, Time.GetUtcNow());
        if (body.Contains("deadline exceeded") && received.Count == 0)
        {
            // The recording has not kept what reached the app before the caller gave it up.
            return;
        }

        if (recorded["app_received"] is null)
        {
            return;
        }

        // An app whose call was cut off notes it after its caller has the answer.
        await App.WaitForAsync(received.Count);
        var calls = App.Calls.Where(call => !call.Path.StartsWith("/dapr/")).ToList();

        Assert.Equal(received.Count, calls.Count);
        foreach (var (expected, actual) in received.Zip(calls))
        {
            Assert.Equal($"{expected!["method"]} {expected["path"]}", $"{actual.Method} {actual.Path}");
            AssertText(expected["body"]!.GetValue<string>(), actual.Body, "");
            if (expected["headers"] is { } headers)
            {
                Assert.Equal(Mask.Headers(Recording.Headers(headers), Trace), Mask.Headers(actual.Headers, Trace));
            }
        }
    }

    private Reply Answer(JsonNode recorded, JsonArray received)
    {
        // What the case took the app took; or longer, where its caller gave it up in the meantime.
        Pass(TimeSpan.FromMilliseconds(Rounded(recorded["took_ms"]!)));
        return received.Count == 0 ? new Reply(200)
            : received[0]!["answer"] is { } answer ? ReplyOf(answer)
            : new Reply(recorded["response"]!["status"]!.GetValue<int>(), recorded["response"]!["body"]!.GetValue<string>());
    }

    private void Pass(TimeSpan time)
    {
        switch (Time)
        {
            case FakeTimeProvider fake:
                fake.Advance(time);
                break;
            case JumpingTime jumping:
                jumping.Jump(time);
                break;
            default:
                break;
        }
    }
}
