using System.Text.Json;
using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Messaging;

/// <summary>The result of a redrive.</summary>
/// <param name="IsFound">Whether there was such a dead letter.</param>
/// <param name="Failure">Why it failed again; null if it did not.</param>
internal sealed record RedriveResult(bool IsFound = true, string? Failure = null);

/// <summary>
/// Redrives dead letters: an incoming event is handled, an outgoing one goes to the outbox again. The dead letter is deleted in the same
/// transaction. Its row is locked first, so that of two simultaneous redrives the second finds nothing.
/// </summary>
internal sealed class DeadLetterRedriver(IServiceScopeFactory scopes, Subscriptions subscriptions)
{
    /// <exception cref="Exception">The database is unavailable; nothing has changed.</exception>
    public async Task<RedriveResult> RedriveAsync(long id, CancellationToken cancellationToken)
    {
        try
        {
            return await TryAsync(id, cancellationToken);
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
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
            return new RedriveResult(IsFound: false);
        }

        if (letter.Direction == DeadLetterStore.Outgoing)
        {
            await db.AddMissingAsync([DaprBulkPublisher.ToMessage(letter)], cancellationToken);
        }
        else if (subscriptions.FindHandler(letter.Topic) is { } handle)
        {
            await handle(scope.ServiceProvider, JsonSerializer.Deserialize<JsonElement>(letter.Body), cancellationToken);
        }
        else
        {
            return new RedriveResult(Failure: $"This service does not handle {letter.Topic}.");
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
                .SetProperty(l => l.Reason, DeadLetterStore.EscapeNul(reason))
                .SetProperty(l => l.LastAt, DateTimeOffset.UtcNow),
            cancellationToken);
    }
}
