using System.Diagnostics;
using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>Subscribes to topics and maps the routes to which the sidecar delivers events.</summary>
public static class EventEndpoints
{
    /// <summary>
    /// Subscribes to the topic of <typeparamref name="TEvent"/>, with batches of up to 100 events. Records that Dapr cannot deliver go to the
    /// topic <c>{app id}.dead</c>, so that they do not block their partition.
    /// </summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <typeparam name="THandler">The handler. It does not have to be registered.</typeparam>
    public static void MapEvent<TEvent, THandler>(this IEndpointRouteBuilder app)
        where TEvent : IEvent
        where THandler : IHandleMessages<TEvent>
    {
        ArgumentNullException.ThrowIfNull(app);
        var pubSub = app.ServiceProvider.GetRequiredService<IOptions<MessagingOptions>>().Value.PubSubName;
        app.ServiceProvider.GetRequiredService<Subscriptions>().Add(TEvent.Topic, HandleOneAsync<TEvent, THandler>);

        // Dapr waits 2 ms to fill a batch. That adds 5 ms of latency over two topics and more than doubles the throughput.
        app.MapPost($"/events/{TEvent.Topic}", DeliverAsync<TEvent, THandler>)
            .WithTopic(new TopicOptions { PubsubName = pubSub, Name = TEvent.Topic, DeadLetterTopic = DeadLetterTopic(app) })
            .WithBulkSubscribe(new BulkSubscribeTopicOptions
            {
                TopicName = TEvent.Topic,
                MaxMessagesCount = 100,
                MaxAwaitDurationMs = 2,
            })
            .RequireAuthorization(AccessPolicies.Sidecar)
            .WithMetadata(new DisableRequestSizeLimitAttribute()) // 100 large events can exceed Kestrel's limit of 30 MB, and Dapr redelivers after a 413 indefinitely
            .ExcludeFromDescription();
    }

    /// <summary>
    /// Subscribes to the dead-letter topic of the service, stores its records in the table <c>dead_letters</c>, and maps the operator routes:
    /// <c>GET /dead-letters</c>, <c>GET /dead-letters/{id}</c> with the event, <c>POST /dead-letters/{id}/redrive</c> and
    /// <c>DELETE /dead-letters/{id}</c>; and for all that match <c>?topic=…&amp;reason=…</c>, <c>POST /dead-letters/redrive</c> and
    /// <c>DELETE /dead-letters</c>.
    /// </summary>
    public static void MapDeadLetters(this IEndpointRouteBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var pubSub = app.ServiceProvider.GetRequiredService<IOptions<MessagingOptions>>().Value.PubSubName;
        var topic = DeadLetterTopic(app);
        app.ServiceProvider.GetRequiredService<Subscriptions>().Add(topic);

        app.MapPost($"/events/{topic}", StoreDeadLetterAsync)
            .WithTopic(pubSub, topic, enableRawPayload: true)
            .RequireAuthorization(AccessPolicies.Sidecar)
            .WithMetadata(new DisableRequestSizeLimitAttribute())
            .ExcludeFromDescription();
        DeadLetterEndpoints.Map(app);
    }

    private static async Task HandleOneAsync<TEvent, THandler>(IServiceProvider scope, JsonElement cloudEvent, CancellationToken cancellationToken)
        where TEvent : IEvent
        where THandler : IHandleMessages<TEvent>
    {
        if (CloudEvent.Read<TEvent>(cloudEvent, out var reason) is not { } received)
        {
            throw new FormatException(reason);
        }

        using var span = MessagingSpans.StartProcess(TEvent.Topic, cloudEvent);
        MessagingSpans.Describe(span, received.Id, received.Message.Key);
        Activity.Current = span ?? Activity.Current;
        HandledTraces.Set((span?.Id ?? received.TraceParent) is { } trace ? new Dictionary<string, string> { [received.Message.Key] = trace } : []);
        await ActivatorUtilities.CreateInstance<THandler>(scope).HandleAsync([received.Message], cancellationToken);
    }

    private static string DeadLetterTopic(IEndpointRouteBuilder app) =>
        $"{DaprSidecar.AppId(app.ServiceProvider.GetRequiredService<IConfiguration>())}.dead";

    private static async Task<IResult> DeliverAsync<TEvent, THandler>(
        HttpRequest request, EventProcessor<TEvent, THandler> processor, CancellationToken cancellationToken)
        where TEvent : IEvent
        where THandler : IHandleMessages<TEvent>
    {
        using var body = await BulkDelivery.ParseAsync(request, cancellationToken);
        return body is not null && BulkDelivery.ReadEntries(body.RootElement) is { } entries
            ? BulkDelivery.Respond(await processor.ProcessAsync(entries, cancellationToken))
            : TypedResults.Problem(
                statusCode: StatusCodes.Status400BadRequest,
                title: "Not a bulk delivery",
                detail: "The body must be {\"entries\": [{\"entryId\": \"…\", \"event\": {a CloudEvent}}]}, as Dapr sends it to a bulk subscription.");
    }

    /// <summary>
    /// Stores the record that Dapr could not deliver. Stores the whole body if it contains no record, because Dapr repeats a refused delivery
    /// indefinitely, and later records would wait.
    /// </summary>
    private static async Task<Ok> StoreDeadLetterAsync(
        HttpRequest request, DbContext db, Subscriptions subscriptions, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, cancellationToken);
        var record = DeadLetterRecord.Read(ReadRecord(body.ToArray()));

        // With Kafka a header contains the original topic. With other brokers only the CloudEvent does, if the record is one.
        var topic = request.Headers["__topic"].FirstOrDefault()
            ?? (subscriptions.FindHandler(record.Topic) is null ? request.Path.Value!["/events/".Length..] : record.Topic);
        await DeadLetterStore.StoreIncomingAsync(
            db, DeadLetterRecord.FitColumn(topic), record, "Dapr could not deliver the record", attempts: 1, cancellationToken);
        return TypedResults.Ok();
    }

    /// <summary>Returns the record of a delivery with rawPayload; the whole body if it is not such a delivery.</summary>
    private static byte[] ReadRecord(byte[] body)
    {
        try
        {
            var envelope = JsonSerializer.Deserialize<JsonElement>(body, EventJson.Delivery);
            return envelope.GetProperty("data_base64").GetBytesFromBase64();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return body;
        }
    }
}
