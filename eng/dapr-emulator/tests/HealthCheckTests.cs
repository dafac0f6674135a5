using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Probes of the app on a clock that stands still: each probe is one step of it.</summary>
public sealed class HealthCheckTests : IAsyncLifetime
{
    private static readonly AppHealthSpec Spec = new("/well", TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(500), 2);

    private readonly TestApp _app = new(TimeProvider.System);
    private readonly FakeTimeProvider _time = new();
    private readonly TestHost _host;
    private int _status = 200;
    private int _probes;
    private Hosting.Sidecar? _caller;
    private Hosting.Sidecar? _callee;

    public HealthCheckTests() => _host = new TestHost(_time);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new Reply(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        _app.Answer = call => Task.FromResult(new Reply(call.Path == "/well" ? _status : 200));
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Until_the_app_passes_a_probe_it_is_neither_subscribed_for_nor_invoked()
    {
        _status = 503;
        var sidecar = await StartAsync();
        using var refused = await InvokeAsync(sidecar);

        Assert.Contains(
            "err: rpc error: code = Internal desc = error invoking app channel: rpc error: code = Internal desc = app is not in a healthy state\"",
            await refused.Content.ReadAsStringAsync(Cancel));
        Assert.DoesNotContain(_app.Calls, call => call.Path != "/well");
        Assert.DoesNotContain(_app.Calls[0].Headers, header => header.Key == "dapr-api-token");

        _status = 200;
        await NextProbeAsync();
        Assert.Contains(_app.Calls, call => call.Path == "/dapr/subscribe");
        using var answer = await InvokeAsync(sidecar);
        Assert.Equal(200, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Failures_count_even_when_probes_were_passed_between_them_and_stop_deliveries_until_one_is_passed_again()
    {
        var sidecar = await StartAsync();
        foreach (var status in (int[])[500, 200, 500])
        {
            Assert.Contains("\"healthThreshold\":2", await _host.GetAsync(sidecar, "/v1.0/metadata"));
            using var answer = await InvokeAsync(sidecar);
            Assert.Equal(200, (int)answer.StatusCode);
            _status = status;
            await NextProbeAsync();
        }

        // The second failure has come; what was published meanwhile waits.
        using var refused = await InvokeAsync(sidecar);
        Assert.Equal(500, (int)refused.StatusCode);
        using var published = await _host.PostAsync(sidecar, "/v1.0/publish/pubsub/t", "{}");
        Assert.Equal(204, (int)published.StatusCode);
        await NextProbeAsync();
        Assert.DoesNotContain(_app.Calls, call => call.Path == "/in");

        _status = 204;
        await NextProbeAsync();
        await _app.WaitForAsync(1, "/in");
        Assert.Single(_app.Calls, call => call.Path == "/dapr/subscribe");
    }

    private async Task<Hosting.Sidecar> StartAsync()
    {
        _caller = await _host.StartAsync("caller", instance: 2);
        _callee = await _host.StartAsync("callee", _app.Port, health: Spec);
        await SeeProbeAsync();
        return _callee;
    }

    private Task<HttpResponseMessage> InvokeAsync(Hosting.Sidecar callee)
    {
        Assert.True(callee.IsReady);
        return _host.Client.GetAsync(TestHost.AddressOf(_caller!) + "/v1.0/invoke/callee/method/x", Cancel);
    }

    private Task NextProbeAsync()
    {
        _time.Advance(Spec.Interval);
        return SeeProbeAsync();
    }

    private Task SeeProbeAsync()
    {
        _probes++;
        return Waiting.UntilAsync(() => _callee!.App!.Health!.Probes >= _probes);
    }
}
