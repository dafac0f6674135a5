using DaprOrders.OrderService.Data;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Orders;

internal static class ListOrders
{
    /// <summary>Lists orders, newest first.</summary>
    /// <param name="status" example="confirmed">The status of the orders to list. Without it, all orders are listed.</param>
    /// <param name="limit" example="10">The largest number of items of the page. Without it, 50.</param>
    /// <param name="cursor" example="CN6Tu3xyRgABmbDCfip8Pp0fK4-mWk0-">The value of next in the previous page. Without it, the first page.</param>
    public static async Task<Ok<Page<OrderView>>> HandleAsync(
        StatusFilter? status, PageLimit? limit, KeysetCursor? cursor, Owner owner, OrderDbContext db, CancellationToken cancellationToken)
    {
        var orders = db.Orders.Where(order => order.Owner == owner.Value);
        // A constant, because a plan that is kept for all values of a parameter cannot use the index of one status.
        orders = status is null ? orders : orders.Where(order => order.Status == EF.Constant(status.Value));
        return TypedResults.Ok(await orders.ToPageAsync(cursor, limit, OrderView.Of, cancellationToken));
    }
}
