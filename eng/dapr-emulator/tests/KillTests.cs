using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests what happens to deliveries and requests when a sidecar is killed.</summary>
public sealed class KillTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("pubsub.yaml");
        _app.Subscriptions = new AppResponse(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Delivery_in_flight_is_not_committed_and_is_redelivered()
    {
        var release = new TaskCompletionSource();
        _app.Respond = async _ =>
        {
            await release.Task.WaitAsync(Cancel);
            return new AppResponse(200);
        };
        var sidecar = await _host.StartAsync("probe", _app.Port);
        await _host.PublishAsync(sidecar, "pubsub/t?metadata.cloudevent.id=e1&metadata.partitionKey=k");
        await _app.WaitForAsync(1, "/in");

        await sidecar.KillAsync();
        release.SetResult();

        var partition = _host.Broker.Topic("pubsub.kafka/127.0.0.1:9092/t").PartitionOf("k");
        Assert.Equal(0, _host.Broker.CommittedOffset("probe", partition));
        await _host.StartAsync("probe", _app.Port);
        var calls = await _app.WaitForAsync(2, "/in");
        Assert.All(calls, call => Assert.Contains("\"id\":\"e1\"", call.Body));
    }

    [Fact]
    public async Task Partitions_move_to_another_instance_of_the_app()
    {
        await using var other = new TestApp(TimeProvider.System) { Subscriptions = _app.Subscriptions };
        await other.StartAsync();
        var first = await _host.StartAsync("probe", _app.Port);
        var second = await _host.StartAsync("probe", other.Port, instance: 2);

        await first.KillAsync();
        for (var n = 0; n < 6; n++)
        {
            await _host.PublishAsync(second, "pubsub/t");
        }

        Assert.Equal(6, (await other.WaitForAsync(6, "/in")).Count);
        Assert.DoesNotContain(_app.Calls, call => call.Path == "/in");
    }

    [Fact]
    public async Task Request_in_flight_is_reset_and_the_next_one_is_refused()
    {
        _app.Respond = async _ =>
        {
            await Task.Delay(Timeout.Infinite, Cancel);
            return new AppResponse(200);
        };
        var sidecar = await _host.StartAsync("probe", _app.Port);
        var address = TestHost.AddressOf(sidecar);
        var inFlight = _host.Client.GetAsync(address + "/v1.0/invoke/probe/method/slow", Cancel);
        await _app.WaitForAsync(1, "/slow");

        await sidecar.KillAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => inFlight);
        await Assert.ThrowsAsync<HttpRequestException>(() => _host.Client.GetAsync(address + "/v1.0/healthz", Cancel));
    }

    [Fact]
    public async Task Events_are_kept_while_their_app_is_not_running()
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);
        var port = _app.Port;
        await _app.DisposeAsync();

        await _host.PublishAsync(sidecar, "pubsub/t");

        await _app.StartAsync(port);
        await _app.WaitForAsync(1, "/in");
        Assert.Single(_app.Calls, call => call.Path == "/dapr/subscribe");
    }
}
