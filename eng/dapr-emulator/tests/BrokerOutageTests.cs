using System.Net;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Tests.Support;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>Tests what happens to publishes and deliveries while the broker is suspended.</summary>
public sealed class BrokerOutageTests : IAsyncLifetime
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
    public async Task Suspended_broker_refuses_single_and_bulk_publishes_until_it_is_resumed()
    {
        var sidecar = await _host.StartAsync("probe", _app.Port);

        _host.Broker.Suspend(MessageBroker.AllApps);
        using var single = await _host.PostAsync(sidecar, "/v1.0/publish/pubsub/t", "{}");
        using var bulk = await _host.PostAsync(
            sidecar, "/v1.0/publish/bulk/pubsub/t", """[{"entryId":"0","event":{},"contentType":"application/json"}]""");
        _host.Broker.Resume(MessageBroker.AllApps);

        Assert.Equal(HttpStatusCode.InternalServerError, single.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, bulk.StatusCode);
        Assert.Contains("\"entryId\":\"0\"", await bulk.Content.ReadAsStringAsync(Cancel));
        await _host.PublishAsync(sidecar, "pubsub/t");
    }

    [Fact]
    public async Task Suspension_of_one_app_stops_only_its_deliveries()
    {
        await using var other = new TestApp(TimeProvider.System) { Subscriptions = _app.Subscriptions };
        await other.StartAsync();
        await _host.StartAsync("probe", _app.Port);
        var publisher = await _host.StartAsync("other", other.Port);

        _host.Broker.Suspend("probe");
        await _host.PublishAsync(publisher, "pubsub/t");

        await other.WaitForAsync(1, "/in");
        Assert.DoesNotContain(_app.Calls, call => call.Path == "/in");
        _host.Broker.Resume("probe");
        await _app.WaitForAsync(1, "/in");
    }

    [Fact]
    public async Task Delivery_that_ends_during_a_suspension_is_repeated()
    {
        var release = new TaskCompletionSource();
        _app.Respond = async _ =>
        {
            await release.Task.WaitAsync(Cancel);
            return new AppResponse(200);
        };
        var sidecar = await _host.StartAsync("probe", _app.Port);
        await _host.PublishAsync(sidecar, "pubsub/t?metadata.cloudevent.id=e1");
        await _app.WaitForAsync(1, "/in");

        _host.Broker.Suspend(MessageBroker.AllApps);
        release.SetResult();
        await Task.Delay(TimeSpan.FromMilliseconds(200), Cancel); // the sidecar tries to commit
        _host.Broker.Resume(MessageBroker.AllApps);

        var calls = await _app.WaitForAsync(2, "/in");
        Assert.All(calls, call => Assert.Contains("\"id\":\"e1\"", call.Body));
    }
}
