using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DaprOrders.Messaging;

/// <summary>
/// Wakes the relay when a unit of work that published something has committed: after the transaction where there was one, else after the
/// <c>SaveChanges</c> that needed none. Nobody has to remember to call it.
/// </summary>
internal sealed class OutboxInterceptor(RelaySignal signal) : ISaveChangesInterceptor, IDbTransactionInterceptor
{
    private static readonly ConditionalWeakTable<DbContext, object> Publishing = [];

    public static void HasPublished(DbContext db) => Publishing.TryAdd(db, db);

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

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        Wake(eventData.Context);
        return Task.CompletedTask;
    }

    private void WakeAfterSave(DbContext? db)
    {
        if (db is { Database.CurrentTransaction: null })
        {
            Wake(db);
        }
    }

    private void Wake(DbContext? db)
    {
        if (db is not null && Publishing.Remove(db))
        {
            signal.Set();
        }
    }
}
