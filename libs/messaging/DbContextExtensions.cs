using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>What a <see cref="DbContext"/> gains.</summary>
public static class DbContextExtensions
{
    /// <summary>
    /// Publishes an event once the current unit of work has committed, at least once: it adds a row to the outbox, which leaves in the same
    /// <c>SaveChanges</c> as the change that the event tells of. Nothing is sent when the unit of work fails.
    /// </summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <param name="db">The context whose next <c>SaveChanges</c> carries the event.</param>
    /// <param name="message">
    /// The event. Numbers in it must be integers below 2^53, since the runtime writes the JSON anew; anything else travels as a string.
    /// </param>
    /// <param name="id">
    /// The CloudEvent id, unique per database. Take one that follows from the business (the order's id for <c>order.created</c>), so that the
    /// same fact published twice has the same id.
    /// </param>
    public static void Publish<TEvent>(this DbContext db, TEvent message, Guid id)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(message);
        db.Add(OutboxMessage.Of(message, id));
        OutboxInterceptor.HasPublished(db);
    }

    /// <summary>Adds the table <c>outbox</c> to the model of a service that publishes events.</summary>
    /// <param name="model">The model.</param>
    public static void AddOutbox(this ModelBuilder model) => OutboxMessage.Map(model);

    /// <summary>Adds the table <c>dead_letters</c> to the model of a service that handles or publishes events.</summary>
    /// <param name="model">The model.</param>
    public static void AddDeadLetters(this ModelBuilder model) => DeadLetter.Map(model);
}
