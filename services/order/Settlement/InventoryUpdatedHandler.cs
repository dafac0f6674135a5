using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
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
                LogSettled(order.Id, order.Status, order.Reason);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Inventory answered order {OrderId}, which does not exist here")]
    private partial void LogUnknownOrder(Guid orderId);

    [LoggerMessage(LogLevel.Information, "Settled order {OrderId}: {Status} {Reason}")]
    private partial void LogSettled(Guid orderId, Orders.OrderStatus status, string? reason);
}
