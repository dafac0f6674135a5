using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Settlement;

/// <summary>Settles orders: confirmed when the stock was reserved, rejected otherwise.</summary>
internal sealed partial class InventoryUpdatedHandler(OrderDbContext db, ILogger<InventoryUpdatedHandler> logger)
    : IHandle<InventoryUpdated>
{
    public async Task HandleAsync(IReadOnlyList<InventoryUpdated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.OrderId).Distinct().ToArray();
        var orders = await db.Orders.Where(order => ids.Contains(order.Id)).ToDictionaryAsync(order => order.Id, cancellationToken);

        foreach (var message in batch)
        {
            if (!orders.TryGetValue(message.OrderId, out var order))
            {
                LogUnknownOrder(message.OrderId); // nothing to retry: it will not appear later
            }
            else if (order.Settle(message.Outcome is StockOutcome.Reserved, message.Reason))
            {
                LogSettled(order);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Inventory answered order {OrderId}, which does not exist here")]
    private partial void LogUnknownOrder(Guid orderId);

    private void LogSettled(Order order)
    {
        if (order.Status is OrderStatus.Confirmed)
        {
            LogConfirmed(order.Id);
        }
        else
        {
            LogRejected(order.Id, order.Reason);
        }
    }

    [LoggerMessage(LogLevel.Information, "Confirmed order {OrderId}")]
    private partial void LogConfirmed(Guid orderId);

    [LoggerMessage(LogLevel.Information, "Rejected order {OrderId}: {Reason}")]
    private partial void LogRejected(Guid orderId, string? reason);
}
