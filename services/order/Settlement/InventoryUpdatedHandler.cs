using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Orders;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Settlement;

/// <summary>Settles orders: confirmed when the stock was reserved, rejected otherwise.</summary>
internal sealed partial class InventoryUpdatedHandler(OrderDbContext db, ILogger<InventoryUpdatedHandler> logger)
    : IHandleMessages<InventoryUpdated>
{
    public async Task HandleAsync(IReadOnlyList<InventoryUpdated> batch, CancellationToken cancellationToken)
    {
        var first = batch.DistinctBy(message => message.OrderId).ToList();
        var settled = await SettleAsync(first, cancellationToken);
        if (settled.Count < first.Count)
        {
            await LogUnknownAsync([.. first.Select(message => message.OrderId).Except(settled)], cancellationToken);
        }

        foreach (var message in first.Where(message => settled.Contains(message.OrderId)))
        {
            LogSettled(message);
        }
    }

    /// <summary>
    /// Settles all orders by one statement. The first answer counts: an order that is settled stays as it is, also when an answer comes again.
    /// </summary>
    /// <returns>The orders that were pending.</returns>
    private Task<HashSet<Guid>> SettleAsync(List<InventoryUpdated> answers, CancellationToken cancellationToken)
    {
        var ids = answers.ConvertAll(answer => answer.OrderId);
        var statuses = answers.ConvertAll(answer => Order.Settled(answer.Outcome is StockOutcome.Reserved).ToSnakeCase());
        var reasons = answers.ConvertAll(answer => answer.Outcome is StockOutcome.Reserved ? null : answer.Reason);
        return db.Database
            .SqlQuery<Guid>(
                $"""
                UPDATE orders SET status = answer.status, reason = answer.reason
                FROM unnest({ids}, {statuses}, {reasons}) AS answer (id, status, reason)
                WHERE orders.id = answer.id AND orders.status = 'pending'
                RETURNING orders.id
                """)
            .ToHashSetAsync(cancellationToken);
    }

    private async Task LogUnknownAsync(Guid[] ids, CancellationToken cancellationToken)
    {
        var known = await db.Orders.Where(order => ids.Contains(order.Id)).Select(order => order.Id).ToHashSetAsync(cancellationToken);
        foreach (var id in ids.Where(id => !known.Contains(id)))
        {
            LogUnknownOrder(id); // nothing to retry: it will not appear later
        }
    }

    [LoggerMessage(LogLevel.Warning, "Inventory answered order {OrderId}, which does not exist here")]
    private partial void LogUnknownOrder(Guid orderId);

    private void LogSettled(InventoryUpdated answer)
    {
        if (answer.Outcome is StockOutcome.Reserved)
        {
            LogConfirmed(answer.OrderId);
        }
        else
        {
            LogRejected(answer.OrderId, answer.Reason);
        }
    }

    [LoggerMessage(LogLevel.Information, "Confirmed order {OrderId}")]
    private partial void LogConfirmed(Guid orderId);

    [LoggerMessage(LogLevel.Information, "Rejected order {OrderId}: {Reason}")]
    private partial void LogRejected(Guid orderId, string? reason);
}
