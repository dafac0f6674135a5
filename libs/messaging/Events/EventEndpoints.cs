using System.Text.Json;
using Dapr;
using Dapr.AspNetCore;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>Maps the routes to which the sidecar delivers events.</summary>
public static class EventEndpoints
{
    /// <summary>
    /// Subscribes to the topic of <typeparamref name="TEvent"/> in batches of up to 100, which <typeparamref name="THandler"/> handles. Records
    /// that the runtime cannot read go to the topic <c>{app id}.dead</c> instead of blocking their partition.
    /// </summary>
    /// <typeparam name="TEvent">The event as this service reads it.</typeparam>
    /// <typeparam name="THandler">The handler, which needs no registration.</typeparam>
    public static void MapEvent<TEvent, THandler>(this IEndpointRouteBuilder app)
        where TEvent : IEvent
        where THandler : IHandleMessages<TEvent>
    {
        ArgumentNullException.ThrowIfNull(app);
        var pubSub = app.ServiceProvider.GetRequiredService<IOptions<MessagingOptions>>().Value.PubSubName;
        app.ServiceProvider.GetRequiredService<Subscriptions>().Add(TEvent.Topic, HandleOneAsync<TEvent, THandler>);

        // Waiting 2 ms for more events costs 5 ms of latency over two hops and more than doubles the throughput.
        app.MapPost($"/events/{TEvent.Topic}", DeliverAsync<TEvent, THandler>)
            .WithTopic(new TopicOptions { PubsubName = pubSub, Name = TEvent.Topic, DeadLetterTopic = DeadLetterTopic(app) })
            .WithBulkSubscribe(new BulkSubscribeTopicOptions
            {
                TopicName = TEvent.Topic,
                MaxMessagesCount = 100,
                MaxAwaitDurationMs = 2,
            })
            .WithMetadata(new DisableRequestSizeLimitAttribute()) // 100 large events exceed Kestrel's 30 MB, and a 413 would be redelivered indefinitely
            .ExcludeFromDescription();
    }

    /// <summary>
    /// Subscribes to the service's dead-letter topic, stores its records in the table <c>dead_letters</c>, and lets an operator on this machine
    /// list (<c>GET /dead-letters</c>), redrive (<c>POST /dead-letters/{id}/redrive</c>) and delete (<c>DELETE /dead-letters/{id}</c>) them.
    /// </summary>
    public static void MapDeadLetters(this IEndpointRouteBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var pubSub = app.ServiceProvider.GetRequiredService<IOptions<MessagingOptions>>().Value.PubSubName;
        var topic = DeadLetterTopic(app);
        app.ServiceProvider.GetRequiredService<Subscriptions>().Add(topic);

        app.MapPost($"/events/{topic}", KeepDeadLetterAsync)
            .WithTopic(pubSub, topic, enableRawPayload: true)
            .WithMetadata(new DisableRequestSizeLimitAttribute())
            .ExcludeFromDescription();
        DeadLetterEndpoints.Map(app);
    }

    private static Task HandleOneAsync<TEvent, THandler>(IServiceProvider scope, JsonElement cloudEvent, CancellationToken cancellationToken)
        where TEvent : IEvent
        where THandler : IHandleMessages<TEvent> =>
        CloudEvent.Read<TEvent>(cloudEvent, out var reason) is { } received
            ? ActivatorUtilities.CreateInstance<THandler>(scope).HandleAsync([received.Message], cancellationToken)
            : throw new FormatException(reason);

    private static string DeadLetterTopic(IEndpointRouteBuilder app) =>
        $"{DaprSidecar.AppId(app.ServiceProvider.GetRequiredService<IConfiguration>())}.dead";

    private static async Task<IResult> DeliverAsync<TEvent, THandler>(
        HttpRequest request, EventProcessor<TEvent, THandler> processor, CancellationToken cancellationToken)
        where TEvent : IEvent
        where THandler : IHandleMessages<TEvent> =>
        await BulkDelivery.ReadAsync(request, cancellationToken) is { } entries
            ? BulkDelivery.Answer(await processor.ProcessAsync(entries, cancellationToken))
            : TypedResults.Problem(
                statusCode: StatusCodes.Status400BadRequest,
                title: "This is no bulk delivery",
                detail: "The body must be {\"entries\": [{\"entryId\": \"…\", \"event\": {a CloudEvent}}]}, as Dapr posts it to a bulk subscription.");

    private static async Task<IResult> KeepDeadLetterAsync(HttpRequest request, DbContext db, CancellationToken cancellationToken)
    {
        var envelope = await ReadAsync(request, cancellationToken);
        if (envelope.ValueKind is not JsonValueKind.Object
            || !envelope.TryGetProperty("data_base64", out var data) || !data.TryGetBytesFromBase64(out var body))
        {
            return TypedResults.Problem(
                statusCode: StatusCodes.Status400BadRequest,
                title: "This is no raw delivery",
                detail: "The body must be a CloudEvent with \"data_base64\", as Dapr posts it to a subscription with rawPayload.");
        }

        // Kafka names the original topic, other brokers do not.
        var topic = request.Headers["__topic"].FirstOrDefault() ?? request.Path.Value!["/events/".Length..];
        var id = DeadLetterStore.IdOf(IdInside(body), body);
        await DeadLetterStore.StoreIncomingAsync(
            db, topic, id, body, "the runtime could not deliver it", attempts: 1, cancellationToken);
        return TypedResults.Ok();
    }

    private static async Task<JsonElement> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync<JsonElement>(request.Body, JsonSerializerOptions.Default, cancellationToken);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    private static string? IdInside(byte[] body)
    {
        try
        {
            return CloudEvent.IdOf(JsonSerializer.Deserialize<JsonElement>(body));
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
