using DaprOrders.Hosting;
using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Sweep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places orders in one transaction: all are committed when it has ended, or none. The same key, then or ever before, is one order.</summary>
internal sealed partial class OrderPlacement(
    IServiceScopeFactory scopes, IOptions<SweepOptions> sweep, TimeProvider time, ILogger<OrderPlacement> logger)
{
    /// <summary>Another instance wins a race for a key once; the next attempt finds its order. More than two lost races are bad luck or a bug.</summary>
    private const int Attempts = 3;

    // Not static: a compiled query belongs to one model, and hosts that share a process, as in tests, have one each. The comparison with null
    // spares PostgreSQL a second condition, for nulls among the keys, with which it could not use the index.
    private readonly Func<OrderDbContext, string[], IAsyncEnumerable<Order>> _withKeys = EF.CompileAsyncQuery((OrderDbContext db, string[] keys) =>
        db.Orders.AsNoTracking().Where(order => order.IdempotencyKey != null && keys.Contains(order.IdempotencyKey)));

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

    /// <summary>Nothing is reused after a failure: each attempt has a context of its own, and looks for the keys anew.</summary>
    private async Task<Placement[]> PlaceTogetherAsync(IReadOnlyList<NewOrder> orders)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<OrderDbContext>();
            try
            {
                var placements = Add(db, orders, await FindAsync(db, orders));
                await db.SaveChangesAsync();
                return placements;
            }
            catch (Exception e) when (attempt < Attempts && IsLostRace(e))
            {
                // Another instance placed an order with one of the keys, or waited for one of ours while we waited for one of its.
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

    private async Task<Dictionary<string, Order>> FindAsync(OrderDbContext db, IReadOnlyList<NewOrder> orders)
    {
        var keys = new HashSet<string>(orders.Count, StringComparer.Ordinal);
        foreach (var order in orders)
        {
            if (order.Key is { } key)
            {
                keys.Add(key);
            }
        }

        var found = new Dictionary<string, Order>(keys.Count, StringComparer.Ordinal);
        if (keys.Count > 0)
        {
            await foreach (var order in _withKeys(db, [.. keys]))
            {
                found.Add(order.IdempotencyKey!, order);
            }
        }

        return found;
    }

    private Placement[] Add(OrderDbContext db, IReadOnlyList<NewOrder> orders, Dictionary<string, Order> byKey)
    {
        var now = time.GetMicrosecondNow();
        var ids = NewIds(orders.Count, now);
        var placements = new Placement[orders.Count];
        foreach (var i in InKeyOrder(orders))
        {
            var (itemId, quantity, key, traceParent) = orders[i];
            if (key is not null && byKey.TryGetValue(key, out var earlier))
            {
                placements[i] = new Placement(earlier, IsNew: false);
                continue;
            }

            var order = Order.Place(ids.Dequeue(), itemId, quantity, key, now, sweep.Value.After);
            placements[i] = new Placement(order, IsNew: true);
            db.Orders.Add(order);
            db.Publish(OrderCreated.From(order), order.Id, traceParent);
            if (key is not null)
            {
                byKey.Add(key, order);
            }
        }

        return placements;
    }

    /// <summary>
    /// The places of the orders, sorted by key, those with the same key as they came. Two instances at the same keys then wait for each other
    /// one way round, and rarely deadlock.
    /// </summary>
    private static int[] InKeyOrder(IReadOnlyList<NewOrder> orders)
    {
        var places = new int[orders.Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = i;
        }

        Array.Sort(places, (one, other) => string.CompareOrdinal(orders[one].Key, orders[other].Key) is not 0 and var order ? order : one - other);
        return places;
    }

    /// <summary>Ids that grow, since EF inserts rows in the order of their ids, whatever the order in which they were added.</summary>
    private static Queue<Guid> NewIds(int count, DateTimeOffset now)
    {
        var ids = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = Guid.CreateVersion7(now);
        }

        Array.Sort(ids);
        return new Queue<Guid>(ids);
    }

    private static bool IsAway(Exception exception) => Transient.Is(exception) && !IsLostRace(exception);

    private static bool IsLostRace(Exception? exception) =>
        exception is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected }
        || (exception is not null && IsLostRace(exception.InnerException)); // EF wraps it once or twice

    [LoggerMessage(LogLevel.Warning, "{Count} orders cannot be placed together, each is placed alone: {Error}")]
    private partial void LogFallback(int count, string error);
}
