namespace DaprOrders.Messaging;

/// <summary>
/// An event as one service publishes or reads it: a record whose JSON (snake_case) is the event's data. Each service declares its own record for
/// the events it reads, with only the fields it needs; a schema that both sides test against couples them. Implement <see cref="Key"/> and
/// <see cref="Id"/> explicitly, so that they are not serialized. A service that only reads the event needs no <see cref="Id"/>.
/// </summary>
public interface IEvent
{
    /// <summary>Gets the topic of the event, for example <c>invoice.paid</c>. It is also the type of the CloudEvent.</summary>
    static abstract string Topic { get; }

    /// <summary>Gets the partition key: events with the same key are published in the order of their commits.</summary>
    string Key { get; }

    /// <summary>
    /// Gets the CloudEvent id. Derive it from the business, for example from the id of the new entity, so that the same fact published twice has
    /// the same id. It must be unique among the events of one database.
    /// </summary>
    /// <exception cref="NotSupportedException">The record is published but does not implement the property.</exception>
    Guid Id => throw new NotSupportedException($"{GetType().Name} has no id. Implement IEvent.Id to publish it.");
}
