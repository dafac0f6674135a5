using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.DevSidecar.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>invoke.json and invoke_with_timeout_policy.json. What was broken before the call stands in the name of the case.</summary>
internal sealed partial class InvokePlayer(TimeProvider time) : Player(time)
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
        App.Answer = call => AnswerAsync(call, recorded, received);
        if (name.StartsWith("sidecar_killed"))
        {
            await callee.KillAsync();
        }

        if (name.Contains("after_expiry"))
        {
            Pass(TimeSpan.FromSeconds(6));
        }

        if (name.StartsWith("app_down"))
        {
            await App.DisposeAsync();
        }

        var started = Time.GetUtcNow();
        await ExchangeAsync(caller, recorded);

        if (name.StartsWith("sidecar_killed"))
        {
            AssertAt(recorded["took_ms"]!, started, Time.GetUtcNow());
        }

        if (name.StartsWith("slow") && received.Count == 0)
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

    private async Task<Reply> AnswerAsync(Call call, JsonNode recorded, JsonArray received)
    {
        if (Delay().Match(call.Path + recorded["took_ms"]) is { Success: true } slow)
        {
            // The app of the recordings took as long as the case says, or longer than its caller waited.
            var wait = TimeSpan.FromMilliseconds(int.Parse(slow.Groups[1].Value, CultureInfo.InvariantCulture) / 100 * 100);
            var rest = Task.Delay(wait, Time, Cancel);
            Pass(wait);
            await rest;
        }

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

    [GeneratedRegex(@"^/slow\D*?(\d+)$")]
    private static partial Regex Delay();
}
