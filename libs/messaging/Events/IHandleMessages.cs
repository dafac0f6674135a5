namespace DaprOrders.Messaging;

/// <summary>Handles the events of one type in batches.</summary>
public interface IHandleMessages<TEvent>
    where TEvent : IEvent
{
    /// <summary>
    /// Handles a batch of 1 to 100 events. Change entities, publish events and return; the caller then saves, commits and acknowledges. Each
    /// attempt uses a new handler, scope and transaction.
    /// </summary>
    /// <param name="batch">
    /// The events. They arrive in any order and more than once, even twice in one batch. The handler must therefore be idempotent: read by
    /// business key what is already stored, and add only what is missing.
    /// </param>
    /// <param name="cancellationToken">Canceled when the sidecar ends the request. The events are then redelivered.</param>
    Task HandleAsync(IReadOnlyList<TEvent> batch, CancellationToken cancellationToken);
}
