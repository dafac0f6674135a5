using System.Text.Json;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging;

/// <summary>The result of a redrive.</summary>
/// <param name="IsFound">Whether the dead letter exists.</param>
/// <param name="Failure">The error if the event failed again; otherwise null.</param>
internal sealed record RedriveResult(bool IsFound = true, string? Failure = null);

/// <summary>
/// Redrives dead letters: handles an incoming event, or adds an outgoing event to the outbox. Deletes the dead letter in the same transaction.
/// Locks its row first, so that of two concurrent redrives only one handles the event.
/// </summary>
internal sealed class DeadLetterRedriver(IServiceScopeFactory scopes, Subscriptions subscriptions)
{
    /// <summary>Redrives one dead letter. Throws if the database is unavailable; the dead letter is then unchanged.</summary>
    public async Task<RedriveResult> RedriveAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            return await TryAsync(id, cancellationToken);
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
        {
            var reason = $"{e.GetType().Name}: {e.Message}";
            await CountFailureAsync(id, reason, cancellationToken);
            return new RedriveResult(Failure: reason);
        }
    }

    private async Task<RedriveResult> TryAsync(long id, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var letter = await db.Set<DeadLetter>()
            .FromSql($"SELECT * FROM dead_letters WHERE id = {id} FOR UPDATE")
            .AsAsyncEnumerable()
            .SingleOrDefaultAsync(cancellationToken);
        if (letter is null)
        {
            return new RedriveResult(IsFound: false);
        }

        if (letter.Direction == DeadLetterStore.Outgoing)
        {
            var message = DaprBulkPublisher.ToMessage(letter);
            using var span = MessagingSpans.StartRedrive(letter.Topic, message.TraceParent);
            await db.AddMissingAsync([message], cancellationToken);
        }
        else if (subscriptions.FindHandler(letter.Topic) is { } handle)
        {
            var cloudEvent = JsonSerializer.Deserialize<JsonElement>(letter.Body, EventJson.Delivery);
            using var span = MessagingSpans.StartRedrive(letter.Topic, CloudEvent.GetTraceParent(cloudEvent));
            await handle(scope.ServiceProvider, cloudEvent, cancellationToken);
        }
        else
        {
            return new RedriveResult(Failure: $"This service has no handler for {letter.Topic}.");
        }

        db.Remove(letter);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new RedriveResult();
    }

    private async Task CountFailureAsync(long id, string reason, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        await db.Set<DeadLetter>().Where(letter => letter.Id == id).ExecuteUpdateAsync(
            letter => letter
                .SetProperty(l => l.Attempts, l => l.Attempts + 1)
                .SetProperty(l => l.Reason, DeadLetterStore.ToStorable(reason))
                .SetProperty(l => l.LastAt, DateTimeOffset.UtcNow),
            cancellationToken);
    }
}
