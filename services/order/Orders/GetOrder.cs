using DaprOrders.OrderService.Data;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Orders;

/// <summary>Reads an order; with <c>?wait=5s</c> it answers as soon as the order is settled, and after that time in any case.</summary>
internal static class GetOrder
{
    public static async Task<Results<Ok<OrderView>, NotFound, ValidationProblem>> HandleAsync(
        string id, string? wait, OrderDbContext db, SettlementWatch settlement, CancellationToken cancellationToken)
    {
        if (!Parameters.TryParseUuid(id, out var orderId))
        {
            return Parameters.InvalidUuid(nameof(id));
        }

        if (!Parameters.TryParseWait(wait, out var patience))
        {
            return Parameters.InvalidWait(nameof(wait));
        }

        var order = await FindAsync(db, orderId, cancellationToken);
        if (order is { Status: OrderStatus.Pending } && patience > TimeSpan.Zero)
        {
            await settlement.WaitAsync(orderId, patience, cancellationToken);
            order = await FindAsync(db, orderId, cancellationToken);
        }

        return order is null ? TypedResults.NotFound() : TypedResults.Ok(OrderView.Of(order));
    }

    private static Task<Order?> FindAsync(OrderDbContext db, Guid id, CancellationToken cancellationToken) =>
        db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id, cancellationToken);
}
