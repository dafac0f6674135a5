using Dapr;
using Dapr.Client;
using Dapr.Client.Autogen.Grpc.v1;
using DaprOrders.DaprEmulator.Tests.Support;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;

namespace DaprOrders.DaprEmulator.Tests;

/// <summary>The calls of the .NET SDK's own client.</summary>
public sealed class GrpcTests : IAsyncLifetime
{
    private readonly TestHost _host = new();
    private readonly TestApp _app = new(TimeProvider.System);
    private DaprClient? _client;
    private GrpcChannel? _channel;

    // A call without a deadline waits for ever.
    private readonly CancellationTokenSource _limit = Waiting.Limit(TimeSpan.FromSeconds(60));

    private CancellationToken Cancel => _limit.Token;

    private DaprClient Client => _client!;

    private Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient Raw => new(_channel!);

    public async ValueTask InitializeAsync()
    {
        _host.AddSetup("mem.yaml", "pubsub.yaml", "scoped.yaml");
        _app.Subscriptions = new Reply(200, """[{"pubsubname":"pubsub","topic":"t","route":"/in"},{"pubsubname":"mem","topic":"m","route":"/mem"}]""");
        await _app.StartAsync();
        var sidecar = await _host.StartAsync("probe", _app.Port);
        _client = new DaprClientBuilder()
            .UseHttpEndpoint(TestHost.AddressOf(sidecar))
            .UseGrpcEndpoint($"http://127.0.0.1:{sidecar.Ports.Grpc}")
            .Build();
        _channel = GrpcChannel.ForAddress($"http://127.0.0.1:{sidecar.Ports.Grpc}");
    }

    public async ValueTask DisposeAsync()
    {
        _limit.Dispose();
        _client?.Dispose();
        _channel?.Dispose();
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
    [InlineData("nope", "t", "", StatusCode.InvalidArgument, "pubsub nope is not found", null, "DAPR_PUBSUB_NOT_FOUND", "")]
    [InlineData("scoped", "other", "", StatusCode.PermissionDenied, "topic other is not allowed for app id probe", "scoped", "DAPR_PUBSUB_FORBIDDEN",
        "error=topic other is not allowed for app id probe;topic=other")]
    [InlineData("pubsub", "t", "maybe", StatusCode.InvalidArgument, "failed deserializing metadata. Error: rawPayload value must be a valid boolean: actual is 'maybe'",
        "pubsub", "DAPR_PUBSUB_METADATA_DESERIALIZATION", "rawPayload=maybe")]
    public async Task A_refused_publish_has_status_and_details_of_the_runtime(
        string pubSub, string topic, string raw, StatusCode status, string message, string? resource, string reason, string metadata)
    {
        var failure = await Assert.ThrowsAsync<DaprException>(() => Client.PublishEventAsync(
            pubSub, topic, new { }, raw.Length == 0 ? [] : new Dictionary<string, string> { ["rawPayload"] = raw }, Cancel));

        AssertFailure(Assert.IsType<RpcException>(failure.InnerException), status, message, resource, reason, metadata);
    }

    [Theory]
    [InlineData("", "t", "pubsub name is empty", "", "DAPR_PUBSUB_NAME_EMPTY")]
    [InlineData("pubsub", "", "topic is empty in pubsub pubsub", "pubsub", "DAPR_PUBSUB_TOPIC_NAME_EMPTY")]
    public async Task Names_that_are_empty_are_refused_as_the_runtime_refuses_them(string pubSub, string topic, string message, string resource, string reason)
    {
        var single = await Assert.ThrowsAsync<RpcException>(async () => await Raw.PublishEventAsync(new PublishEventRequest { PubsubName = pubSub, Topic = topic }, cancellationToken: Cancel));
        var bulk = await Assert.ThrowsAsync<RpcException>(async () => await Raw.BulkPublishEventAsync(new BulkPublishRequest { PubsubName = pubSub, Topic = topic }, cancellationToken: Cancel));

        AssertFailure(single, StatusCode.InvalidArgument, message, resource, reason, "");
        AssertFailure(bulk, StatusCode.InvalidArgument, message, resource, reason, "");
    }

    [Fact]
    public async Task An_entry_with_metadata_of_its_own_gets_those_of_the_request_too_and_others_do_not()
    {
        var entry = new BulkPublishRequestEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("1"), ContentType = "application/json" };
        entry.Metadata.Add("a", "own");
        var other = new BulkPublishRequestEntry { EntryId = "2", Event = ByteString.CopyFromUtf8("2"), ContentType = "application/json" };

        var request = new BulkPublishRequest { PubsubName = "mem", Topic = "m" };
        request.Entries.Add([entry, other]);
        request.Metadata.Add(new Dictionary<string, string> { ["a"] = "request", ["cloudevent.type"] = "b" });
        await Raw.BulkPublishEventAsync(request, cancellationToken: Cancel);

        var calls = await _app.WaitForAsync(2, "/mem");
        var merged = calls.Single(call => call.Body.Contains("\"data\":1"));
        Assert.Equal(("own", true), (merged.Headers["a"], merged.Body.Contains("\"type\":\"b\"")));
        Assert.DoesNotContain(calls.Single(call => call.Body.Contains("\"data\":2")).Headers, header => header.Key == "a");
    }

    [Fact]
    public async Task Raw_bytes_carry_an_empty_trace()
    {
        var request = new PublishEventRequest { PubsubName = "mem", Topic = "m", Data = ByteString.CopyFromUtf8("{}") };
        request.Metadata.Add("rawPayload", "true");
        await Raw.PublishEventAsync(request, cancellationToken: Cancel);

        var call = (await _app.WaitForAsync(1, "/mem"))[0];
        Assert.Equal(("{}", "", ""), (call.Body, call.Headers["traceid"], call.Headers["tracestate"]));
    }

    private static void AssertFailure(RpcException failure, StatusCode status, string message, string? resource, string reason, string metadata)
    {
        var details = Google.Rpc.Status.Parser.ParseFrom(failure.Trailers.GetValueBytes("grpc-status-details-bin"));
        Assert.Equal((status, message), (failure.StatusCode, failure.Status.Detail));
        Assert.Equal(((int)status, message), (details.Code, details.Message));
        Assert.Equal(resource is null ? 1 : 2, details.Details.Count);
        if (resource is not null)
        {
            var info = details.Details[0].Unpack<ResourceInfo>();
            Assert.Equal(("pubsub", resource, "", message), (info.ResourceType, info.ResourceName, info.Owner, info.Description));
        }

        var error = details.Details[^1].Unpack<ErrorInfo>();
        Assert.Equal(("dapr.io", reason), (error.Domain, error.Reason));
        Assert.Equal(metadata, string.Join(';', error.Metadata.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}={entry.Value}")));
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
