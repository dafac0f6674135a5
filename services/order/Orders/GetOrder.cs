using DaprOrders.Hosting;
using DaprOrders.OrderService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.OrderService.Orders;

/// <summary>Reads an order; with <c>?wait=5s</c> it answers as soon as the order is settled, and after that time in any case.</summary>
internal static class GetOrder
{
    /// <summary>
    /// The answer of inventory may be handled by another instance of this service, so the row is looked at again rather than a signal awaited.
    /// </summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(25);

    public static async Task<Results<Ok<OrderView>, NotFound, ValidationProblem>> HandleAsync(
        string id, string? wait, OrderDbContext db, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Parameters.TryParseUuid(id, out var orderId))
        {
            return Parameters.InvalidUuid(nameof(id));
        }

        if (!Parameters.TryParseWait(wait, out var patience))
        {
            return Parameters.InvalidWait(nameof(wait));
        }

        var started = time.GetTimestamp();
        while (true)
        {
            var order = await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.Id == orderId, cancellationToken);
            if (order is null)
            {
                return TypedResults.NotFound();
            }

            if (order.Status is not OrderStatus.Pending || time.GetElapsedTime(started) >= patience)
            {
                return TypedResults.Ok(OrderView.Of(order));
            }

            await Task.Delay(Look, time, cancellationToken);
        }
    }
}
