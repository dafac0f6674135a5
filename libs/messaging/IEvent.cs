namespace DaprOrders.Messaging;

/// <summary>
/// An event as one service writes or reads it: a record whose JSON (snake_case) is the event's data. Each service declares its own view of
/// the events it reads, with only the fields it needs; the schema in contracts/ couples them.
/// </summary>
public interface IEvent
{
    /// <summary>Gets the topic on which the event travels, for example <c>order.created</c>. It is also the type of the CloudEvent.</summary>
    static abstract string Topic { get; }

    /// <summary>
    /// Gets the partition key: events with the same key are handed to the broker in the order in which they were committed. Implement it
    /// explicitly, so that it is not serialised.
    /// </summary>
    string Key { get; }
}
