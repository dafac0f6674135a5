namespace DaprOrders.Messaging;

/// <summary>Handles batches of one event.</summary>
/// <typeparam name="TEvent">The event as this service reads it.</typeparam>
public interface IHandleMessages<TEvent>
    where TEvent : IEvent
{
    /// <summary>
    /// Handles 1 to 100 events in the caller's transaction: change entities, publish, return. The caller saves, commits and acknowledges. It runs
    /// in its own scope, and again in a new one if the batch failed.
    /// </summary>
    /// <param name="batch">
    /// The events in the order of their delivery. Events arrive in any order and more than once, even twice in one batch: be idempotent by the
    /// business key, in this transaction.
    /// </param>
    /// <param name="cancellationToken">Canceled when the sidecar gave up on the delivery, which it then redelivers.</param>
    Task HandleAsync(IReadOnlyList<TEvent> batch, CancellationToken cancellationToken);
}
