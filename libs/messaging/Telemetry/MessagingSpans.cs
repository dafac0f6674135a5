using System.Diagnostics;
using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>
/// Starts the spans of the source <c>DaprOrders.Messaging</c>, with the names and attributes of the semantic conventions for messaging. Without a
/// listener all methods return null and cost nothing.
/// </summary>
/// <seealso href="https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/"/>
internal static class MessagingSpans
{
    public const string SourceName = "DaprOrders.Messaging";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>
    /// Starts the span of a bulk publish, with a link to the span in which each event was published. An event that is sent alone continues its own
    /// trace. Several have a new trace, because a span can be in one trace only.
    /// </summary>
    public static Activity? StartSend(string topic, IReadOnlyList<OutboxRow> rows)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var published = rows.Select(row => ContextOf(row.TraceParent)).Where(context => context != default).ToList();
        var span = Source.StartActivity(
            $"send {topic}",
            ActivityKind.Producer,
            rows.Count == 1 ? published.FirstOrDefault() : default,
            Attributes(topic, "send"),
            published.Select(context => new ActivityLink(context)));
        if (rows.Count == 1)
        {
            Describe(span, $"{rows[0].Id}", rows[0].Key);
        }

        return span?.SetTag("messaging.batch.message_count", rows.Count);
    }

    /// <summary>
    /// Starts the span in which an event is handled. It continues the trace of the event, and is linked to the request that delivered the event. It
    /// does not become the current span, because several events can be handled together.
    /// </summary>
    public static Activity? StartProcess(string topic, JsonElement cloudEvent)
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        var delivery = Activity.Current;
        var span = Source.StartActivity(
            $"process {topic}",
            ActivityKind.Consumer,
            ContextOf(CloudEvent.GetTraceParent(cloudEvent)),
            Attributes(topic, "process"),
            delivery is null ? null : [new ActivityLink(delivery.Context)]);
        Activity.Current = delivery;
        return span;
    }

    /// <summary>Starts the span of a redrive, linked to the trace of the dead letter.</summary>
    public static Activity? StartRedrive(string topic, string? traceParent) => Source.StartActivity(
        $"redrive {topic}",
        ActivityKind.Internal,
        parentContext: default,
        Attributes(topic, "redrive"),
        ContextOf(traceParent) is var letter && letter != default ? [new ActivityLink(letter)] : null);

    /// <summary>Adds the ids of an event, by which a trace can be found.</summary>
    public static void Describe(Activity? span, string eventId, string key) =>
        span?.SetTag("messaging.message.id", eventId).SetTag("messaging.message.conversation_id", key);

    /// <summary>Marks a span as failed.</summary>
    /// <param name="span">The span; null does nothing.</param>
    /// <param name="type">The kind of the error. Metrics use it as an attribute, so it must have few different values.</param>
    /// <param name="description">The text of the error.</param>
    public static void Fail(Activity? span, string type, string description) =>
        span?.SetTag("error.type", type).SetStatus(ActivityStatusCode.Error, description);

    private static ActivityContext ContextOf(string? traceParent) =>
        ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : default;

    private static ActivityTagsCollection Attributes(string topic, string operation) => new()
    {
        ["messaging.system"] = "dapr",
        ["messaging.destination.name"] = topic,
        ["messaging.operation.name"] = operation,
        ["messaging.operation.type"] = operation is "redrive" ? "process" : operation,
    };
}
