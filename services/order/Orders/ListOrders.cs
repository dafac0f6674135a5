using DaprOrders.OrderService.Data;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprOrders.OrderService.Orders;

/// <summary>Lists orders, newest first, of all statuses or of one.</summary>
internal static class ListOrders
{
    public static async Task<Results<Ok<Page<OrderView>>, ValidationProblem>> HandleAsync(
        string? status, string? limit, string? cursor, OrderDbContext db, CancellationToken cancellationToken)
    {
        if (!Parameters.TryParseWord<OrderStatus>(status, out var only))
        {
            return Parameters.InvalidWord<OrderStatus>(nameof(status));
        }

        if (!Page.TryParseLimit(limit, out var count))
        {
            return Page.InvalidLimit();
        }

        if (!KeysetCursor.TryParse(cursor, out var after))
        {
            return Page.InvalidCursor();
        }

        var orders = only is null ? db.Orders : db.Orders.Where(order => order.Status == only);
        return TypedResults.Ok(await orders.ToPageAsync(after, count, OrderView.Of, cancellationToken));
    }
}
