using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places an order, once per idempotency key.</summary>
internal sealed partial class PlaceOrder(OrderDbContext db, IOptions<SweepOptions> sweep, TimeProvider time, ILogger<PlaceOrder> logger)
{
    public record Request(
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

        var (order, isNew) = await placeOrder.PlaceAsync(request.ItemId, request.Quantity, key);
        if (!order.HasContent(request.ItemId, request.Quantity))
        {
            return TypedResults.Problem(statusCode: KeyOfAnotherOrder.Status, title: KeyOfAnotherOrder.Title, detail: UsedFor(order));
        }

        if (!isNew)
        {
            context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        }

        return TypedResults.Created($"/orders/{order.Id}", OrderView.Of(order));
    }

    /// <summary>Tells the client for which order the key was used.</summary>
    public static string UsedFor(Order order) => $"It was used for {order.Quantity} of {order.ItemId}. Take a new key for a new order.";

    /// <summary>
    /// Stores the order with its event, or finds the earlier order with the key. It ignores the request's cancellation: a client that gave up
    /// retries with the same key, and if its disconnect undid the work, a burst on a cold system would never be done.
    /// </summary>
    private async Task<(Order Order, bool IsNew)> PlaceAsync(string itemId, int quantity, string? key)
    {
        if (await FindAsync(key) is { } earlier)
        {
            return (earlier, IsNew: false);
        }

        var order = Order.Place(itemId, quantity, key, time.GetMicrosecondNow(), sweep.Value.After);
        db.Orders.Add(order);
        db.Publish(OrderCreated.From(order));
        try
        {
            await db.SaveChangesAsync(CancellationToken.None);
        }
        catch (DbUpdateException e) when (key is not null && DatabaseErrors.CauseOf(e) is FailureCause.Duplicate)
        {
            // A concurrent request with the same key has committed first.
            return (await FindAsync(key) ?? throw new TimeoutException("The order with this key is gone again.", e), IsNew: false);
        }

        LogPlaced(order.Id, order.Quantity, order.ItemId);
        return (order, IsNew: true);
    }

    private async Task<Order?> FindAsync(string? key) => key is null
        ? null
        : await db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Owner == "" && order.IdempotencyKey == key, CancellationToken.None);

    [LoggerMessage(LogLevel.Debug, "Placed order {OrderId}: {Quantity} of {ItemId}")]
    private partial void LogPlaced(Guid orderId, int quantity, string itemId);
}
