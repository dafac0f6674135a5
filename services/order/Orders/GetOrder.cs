using DaprOrders.OrderService.Data;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Orders;

internal static class GetOrder
{
    /// <summary>Reads an order, or waits until it is settled.</summary>
    /// <param name="id" example="0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e">The order's id, a UUID.</param>
    /// <param name="wait" example="5s">How long to wait while the order is pending, at most 30s. Without it, the response is immediate.</param>
    public static async Task<Results<Ok<OrderView>, NotFound>> HandleAsync(
        OrderId id, WaitTime? wait, Owner owner, OrderDbContext db, SettlementWatch settlement, CancellationToken cancellationToken)
    {
        var order = await FindAsync(db, owner, id.Value, cancellationToken);
        if (order is { Status: OrderStatus.Pending } && wait is { Value.Ticks: > 0 })
        {
            await settlement.WaitAsync(order.Id, wait.Value, cancellationToken);
            order = await FindAsync(db, owner, id.Value, cancellationToken);
        }

        return order is null ? TypedResults.NotFound() : TypedResults.Ok(OrderView.Of(order));
    }

    private static Task<Order?> FindAsync(OrderDbContext db, Owner owner, Guid id, CancellationToken cancellationToken) =>
        db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id && order.Owner == owner.Value, cancellationToken);
}
