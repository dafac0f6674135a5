using System.Text.Json.Nodes;
using DaprOrders.DevSidecar.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.DevSidecar.Tests.Recordings;

/// <summary>invoke.json and invoke_with_timeout_policy.json: request, what the callee's app received, answer.</summary>
public sealed class InvokeTests : IAsyncDisposable
{
    private readonly JumpingTime _time = new();
    private readonly TestApp _app = new(TimeProvider.System);
    private TestHost? _host;

    // The app of the recording saw most of the body that was too large; here the sidecar refuses it before it passes it on.
    public static TheoryData<string> Cases => Recording.Cases(
        "invoke", "body_over_4MiB", "app_down_sidecar_up", "sidecar_killed", "sidecar_killed_after_expiry");

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }

        await _app.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_invocation_reaches_the_app_and_comes_back_as_recorded(string name)
    {
        var recorded = Recording.Case("invoke", name);
        Script(recorded);
        var (caller, _) = await StartAsync();

        using var answer = await SendAsync(caller, recorded);

        var received = recorded["app_received"]!.AsArray();
        var calls = _app.Calls.Where(call => !call.Path.StartsWith("/dapr/")).ToList();
        Assert.Equal(
            received.Select(call => Shape(
                call!["method"]!.GetValue<string>(), call["path"]!.GetValue<string>(), Recording.Headers(call["headers"]), call["body"]!.GetValue<string>())),
            calls.Select(call => Shape(call.Method, call.Path, call.Headers, call.Body)));
        if ((int)answer.StatusCode != 431)
        {
            // The web server answers that one itself, without a body.
            await AssertAnswerAsync(recorded, answer);
        }
    }

    [Fact]
    public async Task A_body_over_4_MiB_is_refused()
    {
        var recorded = Recording.Case("invoke", "body_over_4MiB");
        var (caller, _) = await StartAsync();

        using var answer = await SendAsync(caller, recorded);

        await AssertAnswerAsync(recorded, answer);
    }

    [Fact]
    public async Task A_call_to_an_app_that_is_down_fails_at_once()
    {
        var recorded = Recording.Case("invoke", "app_down_sidecar_up");
        var (caller, _) = await StartAsync();
        await _app.DisposeAsync();

        using var answer = await SendAsync(caller, recorded);

        await AssertAnswerAsync(recorded, answer);
    }

    [Fact]
    public async Task A_call_to_a_sidecar_that_was_killed_fails_after_three_repetitions_and_at_once_when_its_name_has_expired()
    {
        var (caller, callee) = await StartAsync();
        await callee.KillAsync();
        var killed = Recording.Case("invoke", "sidecar_killed");
        var started = _time.GetUtcNow();

        using var answer = await SendAsync(caller, killed);

        await AssertAnswerAsync(killed, answer);
        Assert.Equal(TimeSpan.FromSeconds(3), _time.GetUtcNow() - started);

        _time.Jump(TimeSpan.FromSeconds(3));
        var expired = Recording.Case("invoke", "sidecar_killed_after_expiry");
        using var afterExpiry = await SendAsync(caller, expired);
        await AssertAnswerAsync(expired, afterExpiry);
    }

    [Fact]
    public async Task With_a_timeout_policy_a_slow_app_fails_after_it_and_a_dead_sidecar_at_once()
    {
        const string File = "invoke_with_timeout_policy";
        var time = new FakeTimeProvider();
        var (caller, callee) = await StartAsync(time);
        _app.Answer = async _ =>
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken);
            return new Reply(200);
        };
        using var slow = await SendAsync(caller, Recording.Case(File, "slow_app_3s"));
        await AssertAnswerAsync(Recording.Case(File, "slow_app_3s"), slow);

        _app.Answer = _ => Task.FromResult(new Reply(503));
        using var unavailable = await SendAsync(caller, Recording.Case(File, "app_answers_503"));
        Assert.Equal(503, (int)unavailable.StatusCode);

        await callee.KillAsync();
        using var killed = await SendAsync(caller, Recording.Case(File, "sidecar_killed"));
        await AssertAnswerAsync(Recording.Case(File, "sidecar_killed"), killed);

        time.Advance(TimeSpan.FromSeconds(6));
        using var expired = await SendAsync(caller, Recording.Case(File, "sidecar_killed_after_expiry"));
        await AssertAnswerAsync(Recording.Case(File, "sidecar_killed_after_expiry"), expired);
    }

    [Fact]
    public async Task Instances_of_an_app_take_turns()
    {
        await StartAsync();
        await using var second = new TestApp(TimeProvider.System);
        await second.StartAsync();
        await _host!.StartAsync("callee", second.Port, instance: 2);
        var caller = await _host.StartAsync("caller2");

        for (var i = 0; i < 4; i++)
        {
            await _host.GetAsync(caller, "/v1.0/invoke/callee/method/x");
        }

        Assert.Equal(2, _app.Calls.Count(call => call.Path == "/x"));
        Assert.Equal(2, second.Calls.Count(call => call.Path == "/x"));
    }

    private async Task<(Hosting.Sidecar Caller, Hosting.Sidecar Callee)> StartAsync(FakeTimeProvider? time = null)
    {
        _host = new TestHost(time ?? (TimeProvider)_time);
        _host.AddSetup("mem.yaml");
        if (time is not null)
        {
            _host.AddSetup("invoke-timeout.yaml");
        }

        await _app.StartAsync();
        return (await _host.StartAsync("caller"), await _host.StartAsync("callee", _app.Port));
    }

    private void Script(JsonObject recorded)
    {
        if (recorded["app_received"] is JsonArray { Count: > 0 } received && received[0] is { } first)
        {
            var answer = first["answer"]!;
            var headers = Recording.Headers(answer["headers"]).Select(header => (header.Key, header.Value)).ToArray();
            _app.Answer = _ => Task.FromResult(new Reply(answer["status"]!.GetValue<int>(), answer["body"]!.GetValue<string>(), headers));
        }
    }

    private Task<HttpResponseMessage> SendAsync(Hosting.Sidecar caller, JsonObject recorded) => _host!.Client.SendAsync(
        Recording.Request(recorded["request"]!, TestHost.AddressOf(caller)), TestContext.Current.CancellationToken);

    private static async Task AssertAnswerAsync(JsonObject recorded, HttpResponseMessage answer)
    {
        var expected = recorded["response"]!;
        Assert.Equal(expected["status"]!.GetValue<int>(), (int)answer.StatusCode);
        Assert.Equal(Mask.Text(expected["body"]!.GetValue<string>()), Mask.Text(await answer.Content.ReadAsStringAsync()));
        var headers = Recording.Headers(expected["headers"]);
        // Go guesses a content type where the app gave none.
        if (headers.GetValueOrDefault("Content-Type") == "text/plain; charset=utf-8")
        {
            headers.Remove("Content-Type");
        }

        Assert.Equal(Mask.Headers(headers), Mask.Headers(Answers.Headers(answer)));
    }

    private static string Shape(string method, string path, Dictionary<string, string> headers, string body) =>
        $"{method} {path}\n{Mask.Headers(headers, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")}\n{body}";
}
