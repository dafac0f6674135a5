using DaprOrders.InventoryService.Data;
using DaprOrders.InventoryService.Stock;
using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>Reserves stock for orders, first come, first served, and publishes the result.</summary>
internal sealed partial class OrderCreatedHandler(
    InventoryDbContext db, IOptions<ReservationOptions> options, TimeProvider time, ILogger<OrderCreatedHandler> logger) : IHandleMessages<OrderCreated>
{
    public async Task HandleAsync(IReadOnlyList<OrderCreated> batch, CancellationToken cancellationToken)
    {
        // Lock the stock first and then read the reservations: what another instance has reserved meanwhile is seen.
        var stock = await LockStockAsync(batch, cancellationToken);
        var reservations = await LoadReservationsAsync(batch, cancellationToken);
        await RepublishLostAsync(reservations.Values, cancellationToken);

        var known = reservations.Count;
        foreach (var message in batch.Where(message => !reservations.ContainsKey(message.OrderId)))
        {
            var reservation = Reservation.Decide(
                message.OrderId, message.ItemId, message.Quantity, stock.GetValueOrDefault(message.ItemId), time.GetMicrosecondNow());
            reservations.Add(message.OrderId, reservation);
            db.Reservations.Add(reservation);
            db.Publish(InventoryUpdated.From(reservation));
            LogDecided(reservation.OrderId, reservation.Outcome, reservation.Quantity, reservation.ItemId, reservation.Available);
        }

        LogBatch(reservations.Count - known, batch.Count);
    }

    /// <summary>
    /// Locks in the order of the item ids, so that two batches with the same items do not deadlock. Nothing is composed on the SQL: EF Core would
    /// put it into a subquery, and PostgreSQL would lock more rows.
    /// </summary>
    private Task<Dictionary<string, StockItem>> LockStockAsync(IReadOnlyList<OrderCreated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.ItemId).Distinct().ToArray();
        return db.Stock
            .FromSql($"SELECT item_id, initial, available FROM stock WHERE item_id = ANY ({ids}) ORDER BY item_id FOR UPDATE")
            .ToDictionaryAsync(item => item.ItemId, cancellationToken);
    }

    private Task<Dictionary<Guid, Reservation>> LoadReservationsAsync(IReadOnlyList<OrderCreated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.OrderId).Distinct().ToArray();
        return db.Reservations.AsNoTracking()
            .Where(reservation => ids.Contains(reservation.OrderId))
            .ToDictionaryAsync(reservation => reservation.OrderId, cancellationToken);
    }

    /// <summary>
    /// Republishes old reservations: the order service asks again because their event was probably lost. A younger duplicate is a redelivery, and
    /// its event is on the way. A reservation of the future was made before the clock was set back, so its age is unknown.
    /// </summary>
    private Task RepublishLostAsync(IEnumerable<Reservation> reservations, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.RepublishAsync(
            reservations.Where(reservation => reservation.CreatedAt < now - options.Value.RepeatAfter || reservation.CreatedAt > now).Select(InventoryUpdated.From),
            cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Decided {Count} orders from {Events} events")]
    private partial void LogBatch(int count, int events);

    [LoggerMessage(LogLevel.Debug, "Order {OrderId} is {Outcome}: {Quantity} of {ItemId}, {Available} left")]
    private partial void LogDecided(Guid orderId, ReservationOutcome outcome, int quantity, string itemId, int available);
}
