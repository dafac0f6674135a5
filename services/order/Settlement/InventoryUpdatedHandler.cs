using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Settlement;

/// <summary>Settles orders: confirmed if the stock was reserved, otherwise rejected.</summary>
internal sealed partial class InventoryUpdatedHandler(
    OrderDbContext db, OrderMetrics metrics, TimeProvider time, ILogger<InventoryUpdatedHandler> logger) : IHandleMessages<InventoryUpdated>
{
    public async Task HandleAsync(IReadOnlyList<InventoryUpdated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.OrderId).Distinct().ToList();
        var orders = await db.Orders.Where(order => ids.Contains(order.Id)).ToDictionaryAsync(order => order.Id, cancellationToken);
        foreach (var message in batch)
        {
            if (!orders.TryGetValue(message.OrderId, out var order))
            {
                LogUnknownOrder(message.OrderId); // no later event can create this order, so acknowledge it
            }
            else if (!order.Settle(message.Outcome, message.Reason))
            {
                LogContradiction(order.Id, message.Outcome, order.Status);
            }
            else
            {
                LogSettled(order.Id, order.Status, order.Reason);
            }
        }

        var settled = db.ChangeTracker.Entries<Order>().Where(entry => entry.State is EntityState.Modified).Select(entry => entry.Entity).ToList();
        settled.ForEach(order => metrics.Settled(order, time.GetUtcNow()));
        LogBatch(settled.Count, batch.Count);
    }

    [LoggerMessage(LogLevel.Information, "Settled {Changed} orders from {Count} events")]
    private partial void LogBatch(int changed, int count);

    [LoggerMessage(LogLevel.Debug, "Order {OrderId} is {Status}, reason: {Reason}")]
    private partial void LogSettled(Guid orderId, OrderStatus status, string? reason);

    [LoggerMessage(LogLevel.Warning, "Ignored an event for order {OrderId}, which does not exist")]
    private partial void LogUnknownOrder(Guid orderId);

    [LoggerMessage(LogLevel.Warning, "Ignored the outcome {Outcome} for order {OrderId}, which is already {Status}")]
    private partial void LogContradiction(Guid orderId, StockOutcome outcome, OrderStatus status);
}
