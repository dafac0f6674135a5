namespace DaprOrders.Messaging;

/// <summary>
/// Defines an event that a service publishes or reads. The record is serialized as JSON with snake_case names. Each service declares its own
/// record with only the fields that it needs; both sides test against the same schema. Implement <see cref="Key"/> and <see cref="Id"/>
/// explicitly, so that they are not serialized. A service that only reads the event does not implement <see cref="Id"/>. Validation attributes
/// of the properties are checked before the handler is called; an invalid event becomes a dead letter.
/// </summary>
public interface IEvent
{
    /// <summary>Gets the topic, for example <c>invoice.paid</c>. It is also the CloudEvent type.</summary>
    static abstract string Topic { get; }

    /// <summary>Gets the partition key. Events with the same key are published in the order in which their transactions committed.</summary>
    string Key { get; }

    /// <summary>
    /// Gets the CloudEvent id. Derive it from business data, for example the id of the new entity, so that a republished event has the same id.
    /// It must be unique among the events of one database.
    /// </summary>
    /// <exception cref="NotSupportedException">The event is published, but its record does not implement this property.</exception>
    Guid Id => throw new NotSupportedException($"{GetType().Name} does not implement IEvent.Id, which a published event needs.");

    /// <summary>
    /// Gets the W3C traceparent that the event continues. Default: null, which continues the trace of the handled event with the same key, or else
    /// of the current activity. An event that background work republishes needs it to remain in the trace of the original.
    /// </summary>
    string? TraceParent => null;
}
