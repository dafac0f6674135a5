using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Storage;

namespace DaprOrders.Messaging;

/// <summary>
/// Writes what a unit of work has published by one statement, in the transaction of its <c>SaveChanges</c>, and wakes the relay when that has
/// committed. Nobody has to remember to call it.
/// </summary>
internal sealed class OutboxInterceptor(RelaySignal signal) : ISaveChangesInterceptor, IDbTransactionInterceptor
{
    private static readonly ConditionalWeakTable<DbContext, object> Publishing = [];

    /// <summary>Transactions that were opened here, since the unit of work had none and the outbox needs one of both.</summary>
    private static readonly ConditionalWeakTable<DbContext, IDbContextTransaction> Opened = [];

    public static void HasPublished(DbContext db) => Publishing.TryAdd(db, db);

    public InterceptionResult<int> SavingChanges(DbContextEventData eventData, InterceptionResult<int> result)
    {
        if (TakeMessages(eventData.Context) is not { } messages)
        {
            return result;
        }

        var db = eventData.Context!;
        var opened = db.Database.CurrentTransaction is null ? db.Database.BeginTransaction() : null;
        try
        {
            OutboxTable.Insert(db, messages);
        }
        catch
        {
            opened?.Dispose(); // EF tells of no failure here
            throw;
        }

        Remember(db, opened);
        return result;
    }

    public async ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken)
    {
        if (TakeMessages(eventData.Context) is not { } messages)
        {
            return result;
        }

        var db = eventData.Context!;
        var opened = db.Database.CurrentTransaction is null ? await db.Database.BeginTransactionAsync(cancellationToken) : null;
        try
        {
            await OutboxTable.InsertAsync(db, messages, cancellationToken);
        }
        catch
        {
            await RollBackAsync(opened); // EF tells of no failure here
            throw;
        }

        Remember(db, opened);
        return result;
    }

    public int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        if (TakeOpened(eventData.Context) is { } transaction)
        {
            using (transaction)
            {
                transaction.Commit();
            }
        }

        WakeAfterSave(eventData.Context);
        return result;
    }

    public async ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken)
    {
        if (TakeOpened(eventData.Context) is { } transaction)
        {
            await using (transaction)
            {
                await transaction.CommitAsync(cancellationToken);
            }
        }

        WakeAfterSave(eventData.Context);
        return result;
    }

    public void SaveChangesFailed(DbContextErrorEventData eventData) => TakeOpened(eventData.Context)?.Dispose();

    public async Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken) =>
        await RollBackAsync(TakeOpened(eventData.Context));

    public void SaveChangesCanceled(DbContextEventData eventData) => TakeOpened(eventData.Context)?.Dispose();

    public async Task SaveChangesCanceledAsync(DbContextEventData eventData, CancellationToken cancellationToken) =>
        await RollBackAsync(TakeOpened(eventData.Context));

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Wake(eventData.Context);

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken)
    {
        Wake(eventData.Context);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Takes the new messages from EF, which would write each by a statement of its own and read back what the database added. Until here they
    /// are tracked, so that they are forgotten with a context that is thrown away, or goes back to the pool, unsaved.
    /// </summary>
    private static List<OutboxMessage>? TakeMessages(DbContext? db)
    {
        if (db is null || !Publishing.TryGetValue(db, out _))
        {
            return null;
        }

        var detects = db.ChangeTracker.AutoDetectChangesEnabled;
        db.ChangeTracker.AutoDetectChangesEnabled = false; // SaveChanges does it anyway
        var added = db.ChangeTracker.Entries<OutboxMessage>().Where(entry => entry.State is EntityState.Added).ToList();
        db.ChangeTracker.AutoDetectChangesEnabled = detects;
        if (added.Count == 0)
        {
            return null;
        }

        return added.ConvertAll(entry =>
        {
            entry.State = EntityState.Detached;
            return entry.Entity;
        });
    }

    private static IDbContextTransaction? TakeOpened(DbContext? db)
    {
        if (db is null || !Opened.TryGetValue(db, out var transaction))
        {
            return null;
        }

        Opened.Remove(db);
        db.Database.AutoSavepointsEnabled = true;
        return transaction;
    }

    private static async Task RollBackAsync(IDbContextTransaction? transaction)
    {
        if (transaction is not null)
        {
            await transaction.DisposeAsync();
        }
    }

    private static void Remember(DbContext db, IDbContextTransaction? opened)
    {
        if (opened is not null)
        {
            Opened.Add(db, opened);
            db.Database.AutoSavepointsEnabled = false; // what fails is undone as a whole
        }
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
