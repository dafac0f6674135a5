using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using DaprOrders.Hosting;
using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.OrderService.Sweep;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places an order, once for each idempotency key.</summary>
internal sealed partial class PlaceOrder(OrderDbContext db, IOptions<SweepOptions> sweep, TimeProvider time, ILogger<PlaceOrder> logger)
{
    public sealed record Request(
        [property: Description("The item."), Example("item-123")]
        [property: Required, RegularExpression("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", ErrorMessage = ItemIdRule)] string ItemId,
        [property: Description("How many pieces."), Example(1)]
        [property: Range(1, 1000, ErrorMessage = QuantityRule)] int Quantity);

    public static readonly KnownProblem KeyOfAnotherOrder = new(
        StatusCodes.Status422UnprocessableEntity,
        "The Idempotency-Key belongs to another order",
        "It was used for 1 of item-123. Take a new key for a new order.");

    private const string QuantityRule = "quantity must be a whole number from 1 to 1000.";
    private const string ItemIdRule = "item_id must be 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and begin with a letter or digit.";

    public static async Task<Results<Created<OrderView>, ValidationProblem, ProblemHttpResult>> HandleAsync(
        Request request, [FromHeader(Name = IdempotencyKey.Header)] string? key, [FromServices] PlaceOrder placeOrder, HttpContext context)
    {
        if (key is not null && !IdempotencyKey.IsValid(context.Request.Headers[IdempotencyKey.Header]))
        {
            return Parameters.Invalid(IdempotencyKey.Header, IdempotencyKey.Rule);
        }

        // Not cancelled with the request: the gateway gives up after 2 s and asks again with the same key. If that undid the work each time, a
        // burst that takes longer than 2 s would never be done.
        var (order, isNew) = await placeOrder.PlaceAsync(request, key, CancellationToken.None);
        if (!order.IsFor(request.ItemId, request.Quantity))
        {
            return TypedResults.Problem(
                statusCode: KeyOfAnotherOrder.Status,
                title: KeyOfAnotherOrder.Title,
                detail: $"It was used for {order.Quantity} of {order.ItemId}. Take a new key for a new order.");
        }

        if (!isNew)
        {
            context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        }

        return TypedResults.Created($"/orders/{order.Id}", OrderView.Of(order));
    }

    private async Task<(Order Order, bool IsNew)> PlaceAsync(Request request, string? key, CancellationToken cancellationToken)
    {
        if (await FindAsync(key, cancellationToken) is { } earlier)
        {
            return (earlier, false);
        }

        var order = Order.Place(request.ItemId, request.Quantity, key, time.GetMicrosecondNow(), sweep.Value.After);
        db.Orders.Add(order);
        db.Publish(OrderCreated.From(order), order.Id);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException e) when (key is not null && e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // The same request at the same moment: the unique index made this one wait until the other had committed.
            db.ChangeTracker.Clear();
            return (await FindAsync(key, cancellationToken) ?? throw new TimeoutException("The order with this key is gone again.", e), false);
        }

        LogPlaced(order.Id, order.Quantity, order.ItemId);
        return (order, true);
    }

    private async Task<Order?> FindAsync(string? key, CancellationToken cancellationToken) =>
        key is null ? null : await db.Orders.AsNoTracking().SingleOrDefaultAsync(o => o.IdempotencyKey == key, cancellationToken);

    [LoggerMessage(LogLevel.Information, "Placed order {OrderId}: {Quantity} of {ItemId}")]
    private partial void LogPlaced(Guid orderId, int quantity, string itemId);
}
