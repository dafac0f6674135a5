using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DaprOrders.Messaging;

/// <summary>Wakes the relay after a transaction that added rows to the outbox has committed.</summary>
internal sealed class OutboxInterceptor(RelaySignal signal) : ISaveChangesInterceptor, IDbTransactionInterceptor
{
    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        WakeAfterSave(eventData.Context);
        return result;
    }

    public ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken)
    {
        WakeAfterSave(eventData.Context);
        return ValueTask.FromResult(result);
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Wake(eventData.Context);

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        Wake(eventData.Context);
        return Task.CompletedTask;
    }

    /// <summary>Wakes the relay only if the caller has no open transaction; otherwise the rows are not committed yet.</summary>
    private void WakeAfterSave(DbContext? db)
    {
        if (db is { Database.CurrentTransaction: null })
        {
            Wake(db);
        }
    }

    /// <summary>
    /// Wakes the relay once: while SaveChanges commits its own transaction, the rows are still Added, and they are Unchanged when it has saved them.
    /// </summary>
    private void Wake(DbContext? db)
    {
        if (db is not null && db.ChangeTracker.Entries<OutboxMessage>().Any(entry => entry.State is EntityState.Unchanged))
        {
            signal.Set();
        }
    }
}
