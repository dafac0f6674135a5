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
    /// <param name="traceParent">
    /// The W3C traceparent of the request that the event comes of, for a unit of work that serves several; null means the current activity's.
    /// </param>
    public static void Publish<TEvent>(this DbContext db, TEvent message, Guid id, string? traceParent = null)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(db);
        ArgumentNullException.ThrowIfNull(message);
        db.Add(OutboxMessage.Of(message, id, traceParent));
        OutboxInterceptor.HasPublished(db);
    }

    /// <summary>
    /// Publishes events anew that may have been lost on their way: each goes into the outbox, at once and in the current transaction, unless it
    /// is still there. Readers know them by their ids and keys, as ever.
    /// </summary>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <param name="db">The context.</param>
    /// <param name="messages">The events with the ids that they had.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    /// <returns>A task that ends when the rows are written, not yet committed if there is a transaction.</returns>
    public static async Task PublishAgainAsync<TEvent>(
        this DbContext db, IEnumerable<(TEvent Message, Guid Id)> messages, CancellationToken cancellationToken)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(db);
        var rows = messages.Select(message => OutboxMessage.Of(message.Message, message.Id)).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        // Marked first: without a transaction the statement commits by itself, and nothing else tells the relay.
        OutboxInterceptor.HasPublished(db);
        await OutboxTable.InsertAsync(db, rows, cancellationToken);
    }

    /// <summary>Asks whether some event has waited in the outbox for longer than <paramref name="age"/>.</summary>
    /// <param name="db">The context.</param>
    /// <param name="age">The age.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>Whether the outbox is behind.</returns>
    public static async Task<bool> IsOutboxBehindAsync(this DbContext db, TimeSpan age, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        // The first by position is the oldest, give or take a moment; the oldest by its time would be looked for in the whole table.
        var oldest = await db.Set<OutboxMessage>()
            .OrderBy(message => message.Position)
            .Select(message => (DateTimeOffset?)message.CreatedAt)
            .FirstOrDefaultAsync(cancellationToken);
        return oldest < DateTimeOffset.UtcNow - age;
    }

    /// <summary>Adds the table <c>outbox</c> to the model of a service that publishes events.</summary>
    /// <param name="model">The model.</param>
    public static void AddOutbox(this ModelBuilder model) => OutboxMessage.Map(model);

    /// <summary>Adds the table <c>dead_letters</c> to the model of a service that handles or publishes events.</summary>
    /// <param name="model">The model.</param>
    public static void AddDeadLetters(this ModelBuilder model) => DeadLetter.Map(model);
}
