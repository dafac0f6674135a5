using Dapr;
using Dapr.Client;
using DaprOrders.DevSidecar.Tests.Support;
using Grpc.Core;

namespace DaprOrders.DevSidecar.Tests;

/// <summary>The calls of the .NET SDK's own client.</summary>
public sealed class GrpcTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);
    private DaprClient? _client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private DaprClient Client => _client!;

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("pubsub.yaml", "scoped.yaml");
        _app.Subscriptions = new Reply(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"}]""");
        await _app.StartAsync();
        var sidecar = await _host.StartAsync("probe", _app.Port);
        _client = new DaprClientBuilder()
            .UseHttpEndpoint(TestHost.AddressOf(sidecar))
            .UseGrpcEndpoint($"http://127.0.0.1:{sidecar.Ports.Grpc}")
            .Build();
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _host.DisposeAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task An_event_that_is_published_arrives_as_CloudEvent()
    {
        await Client.PublishEventAsync("pubsub", "t", new { Number = 7 }, new Dictionary<string, string> { ["cloudevent.id"] = "my-id" }, Cancel);

        var call = (await _app.WaitForAsync(1, "/in"))[0];
        Assert.Contains("\"data\":{\"number\":7},\"datacontenttype\":\"application/json\",\"id\":\"my-id\"", call.Body);
    }

    [Fact]
    public async Task A_bulk_of_events_arrives_one_by_one()
    {
        var answer = await Client.BulkPublishEventAsync("pubsub", "t", new[] { new { N = 1 }, new { N = 2 } }, cancellationToken: Cancel);

        Assert.Empty(answer.FailedEntries);
        var bodies = string.Concat((await _app.WaitForAsync(2, "/in")).Select(call => call.Body));
        Assert.Contains("{\"n\":1}", bodies);
        Assert.Contains("{\"n\":2}", bodies);
    }

    [Theory]
    [InlineData("nope", "t", StatusCode.InvalidArgument)]
    [InlineData("scoped", "other", StatusCode.PermissionDenied)]
    public async Task A_refused_publish_has_the_status_of_the_runtime(string pubSub, string topic, StatusCode status)
    {
        var failure = await Assert.ThrowsAsync<DaprException>(() => Client.PublishEventAsync(pubSub, topic, new { }, Cancel));

        Assert.Equal(status, Assert.IsType<RpcException>(failure.InnerException).StatusCode);
    }

    [Fact]
    public async Task Metadata_can_be_set_and_read_and_health_asked_for()
    {
        await Client.SetMetadataAsync("hello", "world", Cancel);
        var metadata = await Client.GetMetadataAsync(Cancel);

        Assert.Equal("probe", metadata.Id);
        Assert.Equal("world", metadata.Extended["hello"]);
        Assert.Contains(metadata.Components, component => component.Name == "pubsub");
        Assert.True(await Client.CheckHealthAsync(Cancel));
        await Client.WaitForSidecarAsync(Cancel);
    }

    [Fact]
    public async Task What_is_left_out_is_unimplemented()
    {
        var failure = await Assert.ThrowsAsync<DaprException>(() => Client.GetStateAsync<string>("store", "key", cancellationToken: Cancel));

        var status = Assert.IsType<RpcException>(failure.InnerException).Status;
        Assert.Equal(StatusCode.Unimplemented, status.StatusCode);
        Assert.Contains("dapr.proto.runtime.v1.Dapr/GetState", status.Detail);
    }
}
