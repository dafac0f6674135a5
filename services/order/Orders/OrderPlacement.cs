using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Sweep;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places orders in one transaction: all are committed when it has ended, or none. The same key, then or ever before, is one order.</summary>
internal sealed partial class OrderPlacement(
    IServiceScopeFactory scopes, IOptions<SweepOptions> sweep, TimeProvider time, ILogger<OrderPlacement> logger)
{
    /// <summary>Another instance at the same keys may win a deadlock once; the next attempt finds its orders. More than two are bad luck or a bug.</summary>
    private const int Attempts = 3;

    /// <summary>Places the orders, together if possible; when one of them is bad for the database, each alone, so that it harms no other.</summary>
    /// <returns>What became of each, in their order. A caller must compare: an earlier order with the key may be for something else.</returns>
    /// <exception cref="Exception">The database is away, or the only order is bad: nothing was placed as far as is known.</exception>
    public async Task<Placement[]> PlaceAsync(IReadOnlyList<NewOrder> orders)
    {
        if (orders.Count == 0)
        {
            return [];
        }

        try
        {
            return await PlaceTogetherAsync(orders);
        }
        catch (Exception e) when (orders.Count > 1 && !IsAway(e))
        {
            LogFallback(orders.Count, e.Message);
            return await PlaceOneByOneAsync(orders);
        }
    }

    [LoggerMessage(LogLevel.Information, "Placed order {OrderId}: {Quantity} of {ItemId}")]
    public static partial void LogPlaced(ILogger logger, Guid orderId, int quantity, string itemId);

    /// <summary>Nothing is reused after a failure: each attempt has a context of its own.</summary>
    private async Task<Placement[]> PlaceTogetherAsync(IReadOnlyList<NewOrder> orders)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<OrderDbContext>();
            try
            {
                return await PlaceInAsync(db, orders);
            }
            catch (Exception e) when (attempt < Attempts && IsDeadlock(e))
            {
                // Another instance waited for an order of ours while we waited for one of its.
            }
        }
    }

    private async Task<Placement[]> PlaceOneByOneAsync(IReadOnlyList<NewOrder> orders)
    {
        var placements = new Placement[orders.Count];
        Exception? away = null;
        for (var i = 0; i < placements.Length; i++)
        {
            try
            {
                placements[i] = away is null ? (await PlaceTogetherAsync([orders[i]]))[0] : new Placement(null, false, away);
            }
            catch (Exception e)
            {
                placements[i] = new Placement(null, false, e);
                away = IsAway(e) ? e : null; // the rest need not find that out one by one
            }
        }

        return placements;
    }

    private async Task<Placement[]> PlaceInAsync(OrderDbContext db, IReadOnlyList<NewOrder> wanted)
    {
        var orders = Draft(wanted);
        await using var transaction = await db.Database.BeginTransactionAsync();
        var inserted = await InsertAsync(db, orders);
        var earlier = await FindAsync(db, [.. orders.Where(order => !inserted.Contains(order.Id)).Select(order => order.IdempotencyKey!).Distinct()]);

        var placements = new Placement[orders.Length];
        for (var i = 0; i < placements.Length; i++)
        {
            var isNew = inserted.Remove(orders[i].Id); // once: the next one with the same key is not new
            placements[i] = new Placement(earlier.GetValueOrDefault(orders[i].IdempotencyKey ?? "", orders[i]), isNew);
            if (isNew)
            {
                db.Publish(OrderCreated.From(orders[i]), orders[i].Id, wanted[i].TraceParent);
            }
        }

        await db.SaveChangesAsync();
        await transaction.CommitAsync();
        return placements;
    }

    /// <summary>Makes an order of each that is wanted; those with the same key are the same one, the first.</summary>
    private Order[] Draft(IReadOnlyList<NewOrder> wanted)
    {
        var now = time.GetMicrosecondNow();
        var orders = new Order[wanted.Count];
        var byKey = new Dictionary<string, Order>(wanted.Count, StringComparer.Ordinal);
        for (var i = 0; i < orders.Length; i++)
        {
            var (itemId, quantity, key, _) = wanted[i];
            if (key is not null && byKey.TryGetValue(key, out var first))
            {
                orders[i] = first;
                continue;
            }

            orders[i] = Order.Place(Guid.CreateVersion7(now), itemId, quantity, key, now, sweep.Value.After);
            if (key is not null)
            {
                byKey.Add(key, orders[i]);
            }
        }

        return orders;
    }

    /// <summary>
    /// Inserts all by one statement, in the order of their keys: two instances at the same keys then wait for each other one way round, and
    /// rarely deadlock. A key that is there already is left alone, once the transaction that inserts it has ended.
    /// </summary>
    /// <returns>The ids of those that were inserted.</returns>
    private static Task<HashSet<Guid>> InsertAsync(OrderDbContext db, Order[] drafts)
    {
        var orders = drafts.Distinct().OrderBy(order => order.IdempotencyKey, StringComparer.Ordinal).ToList();
        var ids = orders.ConvertAll(order => order.Id);
        var itemIds = orders.ConvertAll(order => order.ItemId);
        var quantities = orders.ConvertAll(order => order.Quantity);
        var keys = orders.ConvertAll(order => order.IdempotencyKey);
        var status = orders[0].Status.ToSnakeCase();
        return db.Database
            .SqlQuery<Guid>(
                $"""
                INSERT INTO orders (id, item_id, quantity, status, idempotency_key, created_at, next_sweep_at, sweeps)
                SELECT id, item_id, quantity, {status}, idempotency_key, {orders[0].CreatedAt}, {orders[0].NextSweepAt}, 0
                FROM unnest({ids}, {itemIds}, {quantities}, {keys}) AS placed (id, item_id, quantity, idempotency_key)
                ON CONFLICT (idempotency_key) DO NOTHING
                RETURNING id
                """)
            .ToHashSetAsync();
    }

    private static async Task<Dictionary<string, Order>> FindAsync(OrderDbContext db, string[] keys)
    {
        if (keys.Length == 0)
        {
            return [];
        }

        // The comparison with null spares PostgreSQL a second condition, for nulls among the keys, with which it could not use the index.
        var found = await db.Orders.AsNoTracking()
            .Where(order => order.IdempotencyKey != null && keys.Contains(order.IdempotencyKey))
            .ToDictionaryAsync(order => order.IdempotencyKey!, StringComparer.Ordinal);
        return found.Count == keys.Length ? found : throw new InvalidOperationException("An order with one of the keys was there, and is gone.");
    }

    private static bool IsAway(Exception exception) => DatabaseErrors.IsTransient(exception) && !IsDeadlock(exception);

    private static bool IsDeadlock(Exception? exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.DeadlockDetected }
        || (exception is not null && IsDeadlock(exception.InnerException)); // EF wraps what may pass when it is repeated

    [LoggerMessage(LogLevel.Warning, "{Count} orders cannot be placed together, each is placed alone: {Error}")]
    private partial void LogFallback(int count, string error);
}
