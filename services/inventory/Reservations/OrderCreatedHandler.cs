using DaprOrders.InventoryService.Data;
using DaprOrders.InventoryService.Stock;
using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>Reserves stock for orders, first come, first served, and tells the outcome.</summary>
internal sealed partial class OrderCreatedHandler(
    InventoryDbContext db, IOptions<ReservationOptions> options, TimeProvider time, ILogger<OrderCreatedHandler> logger) : IHandleMessages<OrderCreated>
{
    public async Task HandleAsync(IReadOnlyList<OrderCreated> batch, CancellationToken cancellationToken)
    {
        // The stock is locked first and the reservations are read after that: what another instance reserved meanwhile is then seen.
        var stock = await LockStockAsync(batch, cancellationToken);
        var answers = await AnswersAsync(batch, cancellationToken);
        await RepeatAsync(answers.Values, cancellationToken);

        var added = new List<Reservation>(batch.Count);
        foreach (var message in batch)
        {
            if (answers.ContainsKey(message.OrderId))
            {
                LogRepeated(message.OrderId);
                continue;
            }

            var reservation = Reserve(message, stock.GetValueOrDefault(message.ItemId));
            answers.Add(message.OrderId, reservation);
            added.Add(reservation);
            db.Publish(InventoryUpdated.From(reservation), reservation.EventId);
            Log(reservation);
        }

        if (added.Count > 0)
        {
            await WriteAsync(added, stock.Values, cancellationToken);
        }
    }

    /// <summary>
    /// Locks in the order of the item ids, so that two batches over the same items cannot wait for each other. Nothing may be composed on the
    /// SQL: EF would put it in a subquery, and PostgreSQL then locks more.
    /// </summary>
    private Task<Dictionary<string, StockItem>> LockStockAsync(IReadOnlyList<OrderCreated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.ItemId).Distinct().ToArray();
        return db.Stock
            .FromSql($"SELECT item_id, initial, available FROM stock WHERE item_id = ANY ({ids}) ORDER BY item_id FOR UPDATE")
            .AsNoTracking()
            .ToDictionaryAsync(item => item.ItemId, cancellationToken);
    }

    /// <summary>Writes all by two statements in one round trip; EF would write each row by a statement of its own.</summary>
    private Task<int> WriteAsync(List<Reservation> added, IReadOnlyCollection<StockItem> stock, CancellationToken cancellationToken)
    {
        var orderIds = added.ConvertAll(reservation => reservation.OrderId);
        var itemIds = added.ConvertAll(reservation => reservation.ItemId);
        var quantities = added.ConvertAll(reservation => reservation.Quantity);
        var outcomes = added.ConvertAll(reservation => reservation.Outcome.ToSnakeCase());
        var reasons = added.ConvertAll(reservation => reservation.Reason is { } reason ? reason.ToSnakeCase() : null);
        var left = added.ConvertAll(reservation => reservation.Available);
        var eventIds = added.ConvertAll(reservation => reservation.EventId);
        var createdAt = added.ConvertAll(reservation => reservation.CreatedAt);
        var items = stock.Select(item => item.ItemId).ToArray();
        var available = stock.Select(item => item.Available).ToArray();
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO reservations (order_id, item_id, quantity, outcome, reason, available, event_id, created_at)
            SELECT * FROM unnest({orderIds}, {itemIds}, {quantities}, {outcomes}, {reasons}, {left}, {eventIds}, {createdAt});

            UPDATE stock SET available = taken.available
            FROM unnest({items}, {available}) AS taken (item_id, available)
            WHERE stock.item_id = taken.item_id AND stock.available <> taken.available
            """,
            cancellationToken);
    }

    private Task<Dictionary<Guid, Reservation>> AnswersAsync(IReadOnlyList<OrderCreated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.OrderId).Distinct().ToArray();
        return db.Reservations.AsNoTracking().Where(r => ids.Contains(r.OrderId)).ToDictionaryAsync(r => r.OrderId, cancellationToken);
    }

    /// <summary>
    /// Who asks again after a while has not heard the answer: it is given once more, the same one with the same event id. A question that
    /// comes again at once is a delivery that the broker repeated, and its answer is on the way.
    /// </summary>
    private Task RepeatAsync(IEnumerable<Reservation> answers, CancellationToken cancellationToken)
    {
        var before = time.GetUtcNow() - options.Value.RepeatAfter;
        var old = answers.Where(answer => answer.CreatedAt < before).Select(answer => (InventoryUpdated.From(answer), answer.EventId));
        return db.RepublishAsync(old, cancellationToken);
    }

    private Reservation Reserve(OrderCreated message, StockItem? item)
    {
        RejectionReason? reason =
            item is null ? RejectionReason.UnknownItem
            : !item.TryTake(message.Quantity) ? RejectionReason.OutOfStock
            : null;

        var now = time.GetMicrosecondNow();
        return new Reservation
        {
            OrderId = message.OrderId,
            ItemId = message.ItemId,
            Quantity = message.Quantity,
            Outcome = reason is null ? ReservationOutcome.Reserved : ReservationOutcome.Rejected,
            Reason = reason,
            Available = item?.Available ?? 0,
            EventId = Guid.CreateVersion7(now),
            CreatedAt = now,
        };
    }

    private void Log(Reservation answer)
    {
        if (answer.Reason is { } reason)
        {
            LogRejected(answer.OrderId, reason.ToSnakeCase(), answer.Quantity, answer.ItemId, answer.Available);
        }
        else
        {
            LogReserved(answer.OrderId, answer.Quantity, answer.ItemId, answer.Available);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Order {OrderId} came again, it is answered already")]
    private partial void LogRepeated(Guid orderId);

    [LoggerMessage(LogLevel.Information, "Reserved {Quantity} of {ItemId} for order {OrderId}, {Available} left")]
    private partial void LogReserved(Guid orderId, int quantity, string itemId, int available);

    [LoggerMessage(LogLevel.Information, "Reserved nothing for order {OrderId}: {Reason}, {Quantity} of {ItemId} wanted, {Available} left")]
    private partial void LogRejected(Guid orderId, string reason, int quantity, string itemId, int available);
}
