namespace DaprOrders.Messaging;

/// <summary>
/// An event as one service publishes or reads it: a record whose JSON (snake_case) is the event's data. Each service declares its own record for
/// the events it reads, with only the fields it needs; a schema that both sides test against couples them.
/// </summary>
public interface IEvent
{
    /// <summary>Gets the topic of the event, for example <c>invoice.paid</c>. It is also the type of the CloudEvent.</summary>
    static abstract string Topic { get; }

    /// <summary>
    /// Gets the partition key: events with the same key are published in the order of their commits. Implement it explicitly, so that it is not
    /// serialized.
    /// </summary>
    string Key { get; }
}
