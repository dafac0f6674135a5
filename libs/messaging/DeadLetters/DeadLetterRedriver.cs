using System.Text.Json;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging;

/// <summary>What came of a redrive: neither is set when it went well.</summary>
internal sealed record RedriveResult(bool NotFound = false, string? Failure = null);

/// <summary>
/// Gives a dead letter another chance: one that came is handled, one that was to go is put into the outbox again. The dead letter goes in the
/// same transaction, and its row is locked first, so of two redrives at once one does it and the other finds nothing.
/// </summary>
internal sealed class DeadLetterRedriver(IServiceScopeFactory scopes, Subscriptions subscriptions)
{
    public async Task<RedriveResult> RunAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            return await TryAsync(id, cancellationToken);
        }
        catch (Exception e) when (!DatabaseErrors.IsTransient(e))
        {
            var reason = $"{e.GetType().Name}: {e.Message}";
            await CountAsync(id, reason, cancellationToken);
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
            return new RedriveResult(NotFound: true);
        }

        if (letter.Direction == DeadLetterStore.Outgoing)
        {
            db.Add(BulkPublishEntry.ToMessage(letter));
            OutboxInterceptor.HasPublished(db);
        }
        else if (subscriptions.HandlerOf(letter.Topic) is { } handle)
        {
            await handle(scope.ServiceProvider, JsonSerializer.Deserialize<JsonElement>(letter.Event), cancellationToken);
        }
        else
        {
            return new RedriveResult(Failure: $"this service does not handle {letter.Topic}.");
        }

        db.Remove(letter);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new RedriveResult();
    }

    private async Task CountAsync(long id, string reason, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        await db.Set<DeadLetter>().Where(letter => letter.Id == id).ExecuteUpdateAsync(
            letter => letter
                .SetProperty(l => l.Attempts, l => l.Attempts + 1)
                .SetProperty(l => l.Reason, DeadLetterStore.Printable(reason))
                .SetProperty(l => l.LastAt, DateTimeOffset.UtcNow),
            cancellationToken);
    }
}
