using Microsoft.EntityFrameworkCore;

namespace DaprOrders.Messaging;

/// <summary>Publishes events through the outbox of a <see cref="DbContext"/>.</summary>
public static class DbContextExtensions
{
    /// <summary>
    /// Publishes an event at least once after the current unit of work has committed: it adds a row to the outbox, which the next
    /// <c>SaveChanges</c> writes with the changes that the event describes. Nothing is sent if the unit of work fails.
    /// </summary>
    /// <param name="db">The context whose next <c>SaveChanges</c> writes the event.</param>
    /// <param name="message">
    /// The event. Numbers must be integers below 2^53, since the runtime rewrites the JSON; send anything else as a string.
    /// </param>
    /// <param name="id">
    /// The CloudEvent id, unique per database. Derive it from the business, for example from the id of the new entity, so that the same fact
    /// published twice has the same id.
    /// </param>
    /// <param name="traceParent">
    /// The W3C traceparent of the request that caused the event, for a unit of work that serves several requests; null for the current activity's.
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
    /// Republishes events that may have been lost: it writes each to the outbox, at once and in the current transaction, unless it is still there.
    /// </summary>
    /// <param name="db">The context.</param>
    /// <param name="messages">The events with their original ids.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
    public static async Task RepublishAsync<TEvent>(
        this DbContext db, IEnumerable<(TEvent Message, Guid Id)> messages, CancellationToken cancellationToken)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(db);
        var rows = messages.Select(message => OutboxMessage.Of(message.Message, message.Id)).ToList();
        if (rows.Count == 0)
        {
            return;
        }

        // Marked first: without a transaction the statement commits automatically, and nothing else wakes the relay.
        OutboxInterceptor.HasPublished(db);
        await OutboxTable.InsertAsync(db, rows, cancellationToken);
    }

    /// <summary>Returns whether an event has waited in the outbox for longer than <paramref name="age"/>.</summary>
    public static async Task<bool> IsOutboxBehindAsync(this DbContext db, TimeSpan age, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        // The first by position is almost the oldest. The oldest by time would need the whole table.
        var oldest = await db.Set<OutboxMessage>()
            .OrderBy(message => message.Position)
            .Select(message => (DateTimeOffset?)message.CreatedAt)
            .FirstOrDefaultAsync(cancellationToken);
        return oldest < DateTimeOffset.UtcNow - age;
    }

    /// <summary>Adds the table <c>outbox</c> to the model of a service that publishes events.</summary>
    public static void AddOutbox(this ModelBuilder model) => OutboxMessage.Map(model);

    /// <summary>Adds the table <c>dead_letters</c> to the model of a service that handles or publishes events.</summary>
    public static void AddDeadLetters(this ModelBuilder model) => DeadLetter.Map(model);
}
