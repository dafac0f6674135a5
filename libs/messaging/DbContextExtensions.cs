using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace DaprOrders.Messaging;

/// <summary>Publishes events through the outbox of a <see cref="DbContext"/>.</summary>
public static class DbContextExtensions
{
    /// <summary>
    /// Publishes an event when the next <c>SaveChanges</c> commits. Adds a row to the outbox, which is saved together with the changes that the
    /// event describes. The event is then published at least once; if the transaction rolls back, it is never published. The event continues
    /// the trace of the handled event with the same key, or else the trace of the current activity.
    /// </summary>
    /// <param name="db">The context whose next <c>SaveChanges</c> writes the event.</param>
    /// <param name="message">
    /// The event. Numbers must be integers below 2^53, because Dapr parses and rewrites the JSON. Send other numbers as strings.
    /// </param>
    /// <exception cref="ArgumentException">The event is larger than <see cref="MessagingOptions.MaxEventBytes"/>.</exception>
    public static void Publish<TEvent>(this DbContext db, TEvent message)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(db);
        db.Add(db.GetService<OutboxWriter>().Create(message));
    }

    /// <summary>Republishes events that may have been lost. Skips events that are still in the outbox.</summary>
    /// <param name="db">The context whose next <c>SaveChanges</c> writes the events.</param>
    /// <param name="messages">The events, with their original ids.</param>
    /// <param name="cancellationToken">Cancels the query for events that are still in the outbox.</param>
    public static async Task RepublishAsync<TEvent>(this DbContext db, IEnumerable<TEvent> messages, CancellationToken cancellationToken)
        where TEvent : IEvent
    {
        ArgumentNullException.ThrowIfNull(db);
        var writer = db.GetService<OutboxWriter>();
        await db.AddMissingAsync([.. messages.Select(writer.Create)], cancellationToken);
    }

    /// <summary>
    /// Returns whether an event has waited in the outbox for longer than <paramref name="age"/>. Ignores events that the broker has refused,
    /// because they only delay events with the same key.
    /// </summary>
    public static Task<bool> IsOutboxBehindAsync(this DbContext db, TimeSpan age, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(db);
        return db.Set<OutboxMessage>().AnyAsync(OutboxMessage.IsBehind(age), cancellationToken);
    }

    /// <summary>Adds the table <c>outbox</c>, which a service needs to publish events.</summary>
    public static void AddOutbox(this ModelBuilder model) => OutboxMessage.Map(model);

    /// <summary>Adds the table <c>dead_letters</c>, which every service that uses messaging needs.</summary>
    public static void AddDeadLetters(this ModelBuilder model) => DeadLetter.Map(model);

    internal static async Task AddMissingAsync(this DbContext db, List<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            return;
        }

        var ids = messages.ConvertAll(message => message.Id);
        var present = await db.Set<OutboxMessage>()
            .Where(message => ids.Contains(message.Id))
            .Select(message => message.Id)
            .ToHashSetAsync(cancellationToken);
        db.AddRange(messages.Where(message => !present.Contains(message.Id)));
    }
}
