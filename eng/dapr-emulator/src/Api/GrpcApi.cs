using System.Diagnostics;
using Dapr.Client.Autogen.Grpc.v1;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Publishing;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Status = Grpc.Core.Status;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>The gRPC calls of the .NET SDK that need no actors, state or bindings. What is not bound answers UNIMPLEMENTED.</summary>
[BindServiceMethod(typeof(GrpcApi), nameof(Bind))]
internal class GrpcApi(SidecarState sidecar, Publisher publisher, Action shutdown)
{
    private const string Service = "dapr.proto.runtime.v1.Dapr";

    private static readonly HashSet<string> Calls =
    [
        nameof(PublishEvent), nameof(BulkPublishEvent), nameof(BulkPublishEventAlpha1), nameof(GetMetadata), nameof(SetMetadata), nameof(Shutdown),
    ];

    public static bool Has(PathString path) => path.Value?.Split('/') is ["", Service, var call] && Calls.Contains(call);

    // Called without an instance: the methods below are found by the names of the calls, and only virtual ones are.
    public static void Bind(ServiceBinderBase binder, GrpcApi? api)
    {
        Add(binder, nameof(PublishEvent), PublishEventRequest.Parser, Empty.Parser);
        Add(binder, nameof(BulkPublishEvent), BulkPublishRequest.Parser, BulkPublishResponse.Parser);
        Add(binder, nameof(BulkPublishEventAlpha1), BulkPublishRequest.Parser, BulkPublishResponse.Parser);
        Add(binder, nameof(GetMetadata), GetMetadataRequest.Parser, GetMetadataResponse.Parser);
        Add(binder, nameof(SetMetadata), SetMetadataRequest.Parser, Empty.Parser);
        Add(binder, nameof(Shutdown), ShutdownRequest.Parser, Empty.Parser);
    }

    private static void Add<TRequest, TResponse>(
        ServiceBinderBase binder, string name, MessageParser<TRequest> requests, MessageParser<TResponse> responses)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        binder.AddMethod(
            new Method<TRequest, TResponse>(
                MethodType.Unary,
                Service,
                name,
                Marshallers.Create(MessageExtensions.ToByteArray, requests.ParseFrom),
                Marshallers.Create(MessageExtensions.ToByteArray, responses.ParseFrom)),
            (UnaryServerMethod<TRequest, TResponse>)null!);

    public virtual async Task<Empty> PublishEvent(PublishEventRequest request, ServerCallContext context)
    {
        Authorize(context);
        if (publisher.Check(request.PubsubName, request.Topic, [.. request.Metadata]) is { } bad)
        {
            throw Failure(bad);
        }

        var (parent, state) = (Trace(context, "traceparent"), Trace(context, "tracestate"));
        var publication = new Publication(request.Data.Memory, request.DataContentType, [.. request.Metadata], parent, state);
        if (Publisher.IsRaw(publication.Metadata))
        {
            // Bytes that are no envelope carry their trace beside them.
            publication = publication with { Metadata = [.. Without(request.Metadata, "traceid", "tracestate"), new("traceid", parent), new("tracestate", state)] };
        }

        if (await publisher.PublishAsync(request.PubsubName, request.Topic, publication) is { } error)
        {
            throw Failure(error);
        }

        return new Empty();
    }

    public virtual Task<BulkPublishResponse> BulkPublishEventAlpha1(BulkPublishRequest request, ServerCallContext context) =>
        BulkPublishEvent(request, context);

    public virtual async Task<BulkPublishResponse> BulkPublishEvent(BulkPublishRequest request, ServerCallContext context)
    {
        Authorize(context);
        KeyValuePair<string, string>[] metadata = [.. request.Metadata];
        if (publisher.Check(request.PubsubName, request.Topic, metadata) is { } bad)
        {
            throw Failure(bad);
        }

        var entries = new List<BulkEntry>(request.Entries.Count);
        var ids = new HashSet<string>();
        foreach (var entry in request.Entries)
        {
            if (entry.EntryId.Length == 0 || !ids.Add(entry.EntryId))
            {
                throw Failure(ApiError.NoEvents(
                    request.PubsubName, request.Topic, sidecar.AppId, "entryId is duplicated or not present for entry"));
            }

            var trace = $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";
            entries.Add(new BulkEntry(entry.EntryId, new Publication(entry.Event.Memory, entry.ContentType, Merged(entry.Metadata, metadata), trace, "")));
        }

        if (publisher.CheckBulk(request.PubsubName, request.Topic) is { } forbidden)
        {
            throw Failure(forbidden);
        }

        try
        {
            // As with the runtime a caller over gRPC does not learn which entries made it.
            if (await publisher.PublishBulkAsync(request.PubsubName, request.Topic, entries, metadata) is { } failed)
            {
                throw Failure(ApiError.NotPublished(request.PubsubName, request.Topic, failed.Error));
            }
        }
        catch (System.Text.Json.JsonException failure)
        {
            throw Failure(ApiError.NoCloudEvent(request.PubsubName, sidecar.AppId, failure.Message));
        }

        return new BulkPublishResponse();
    }

    // Those of the request reach only entries that have some of their own, which win.
    private static KeyValuePair<string, string>[] Merged(MapField<string, string> own, KeyValuePair<string, string>[] request) =>
        own.Count == 0 ? [] : [.. own, .. request.Where(entry => !own.ContainsKey(entry.Key))];

    private static IEnumerable<KeyValuePair<string, string>> Without(MapField<string, string> metadata, params string[] names) =>
        metadata.Where(entry => !names.Contains(entry.Key));

    public virtual Task<GetMetadataResponse> GetMetadata(GetMetadataRequest request, ServerCallContext context)
    {
        Authorize(context);
        var response = new GetMetadataResponse { Id = sidecar.AppId, RuntimeVersion = SidecarState.RuntimeVersion };
        response.ExtendedMetadata.Add("daprRuntimeVersion", SidecarState.RuntimeVersion);
        foreach (var (key, value) in sidecar.Extended)
        {
            response.ExtendedMetadata[key] = value;
        }

        foreach (var pubSub in sidecar.PubSubs.Values)
        {
            var component = new RegisteredComponents { Name = pubSub.Name, Type = pubSub.Type, Version = pubSub.Version };
            component.Capabilities.AddRange(pubSub.Capabilities);
            response.RegisteredComponents.Add(component);
        }

        foreach (var subscription in sidecar.Subscriptions)
        {
            response.Subscriptions.Add(ToMessage(subscription));
        }

        return Task.FromResult(response);
    }

    private static PubsubSubscription ToMessage(Resources.SubscriptionSpec subscription)
    {
        var rules = new PubsubSubscriptionRules();
        rules.Rules.Add(new PubsubSubscriptionRule { Path = subscription.Route });
        return new PubsubSubscription
        {
            PubsubName = subscription.PubSub,
            Topic = subscription.Topic,
            DeadLetterTopic = subscription.DeadLetterTopic,
            Rules = rules,
            Type = subscription.Declarative ? PubsubSubscriptionType.Declarative : PubsubSubscriptionType.Programmatic,
        };
    }

    public virtual Task<Empty> SetMetadata(SetMetadataRequest request, ServerCallContext context)
    {
        Authorize(context);
        sidecar.Extended[request.Key] = request.Value;
        return Task.FromResult(new Empty());
    }

    public virtual Task<Empty> Shutdown(ShutdownRequest request, ServerCallContext context)
    {
        Authorize(context);
        shutdown();
        return Task.FromResult(new Empty());
    }

    private void Authorize(ServerCallContext context)
    {
        if (sidecar.ApiToken is not null && context.RequestHeaders.GetValue("dapr-api-token") != sidecar.ApiToken)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "invalid api token"));
        }
    }

    private string Trace(ServerCallContext context, string header) =>
        sidecar.Resources.Tracing ? context.RequestHeaders.GetValue(header) ?? "" : "";

    private static RpcException Failure(ApiError error)
    {
        var status = new Google.Rpc.Status { Code = (int)error.GrpcStatus, Message = error.Message };
        var (resource, reason, metadata) = error.Details;
        if (resource is not null)
        {
            status.Details.Add(Any.Pack(new ResourceInfo { ResourceType = "pubsub", ResourceName = resource, Description = error.Message }));
        }

        if (reason is not null)
        {
            status.Details.Add(Any.Pack(new ErrorInfo { Domain = "dapr.io", Reason = reason, Metadata = { metadata } }));
        }

        return new RpcException(new Status(error.GrpcStatus, error.Message), new Metadata { { "grpc-status-details-bin", status.ToByteArray() } });
    }
}
