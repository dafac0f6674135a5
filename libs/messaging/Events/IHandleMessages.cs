namespace DaprOrders.Messaging;

/// <summary>Changes a service's data as an event tells. One handler per event, called with batches.</summary>
/// <typeparam name="TEvent">The service's view of the event.</typeparam>
public interface IHandle<TEvent>
    where TEvent : IEvent
{
    /// <summary>
    /// Handles 1 to 100 events in the caller's transaction: change tracked entities, publish, return. The caller saves, commits and answers
    /// the sidecar. It runs in a scope of its own, and a second time in a new one when the batch failed.
    /// </summary>
    /// <param name="batch">
    /// The events, in the order of their delivery. Events come in every order and more than once, also twice in one batch: be idempotent by
    /// the business key, in this very transaction.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the sidecar gave up on the delivery; it then comes again.</param>
    /// <returns>A task that ends when all changes are tracked or carried out.</returns>
    Task HandleAsync(IReadOnlyList<TEvent> batch, CancellationToken cancellationToken);
}
