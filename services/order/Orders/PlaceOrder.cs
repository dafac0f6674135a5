using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
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
    public static readonly Problem KeyReused = new(
        "idempotency-key-reused", StatusCodes.Status422UnprocessableEntity, "Idempotency-Key belongs to another order");

    /// <summary>Places an order.</summary>
    /// <response code="201">The order is stored. Inventory has not decided yet.</response>
    public static async Task<Results<Created<OrderView>, ProblemHttpResult>> HandleAsync(
        Request request,
        [FromHeader(Name = IdempotencyKey.Header), Description("Makes the request safe to retry: requests with the same key place one order.")]
        IdempotencyKey? key,
        Owner owner,
        [FromServices] PlaceOrder placeOrder,
        HttpContext context)
    {
        var (itemId, quantity) = (request.ItemId, request.Quantity!.Value);
        var (order, isNew) = await placeOrder.PlaceAsync(owner, itemId, quantity, key?.Value);
        if (!order.HasContent(itemId, quantity))
        {
            return KeyReused.ToResult(DescribeReuse(order));
        }

        if (!isNew)
        {
            context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        }

        return TypedResults.Created($"/orders/{order.Id}", OrderView.Of(order));
    }

    /// <summary>Tells the client for which order the key was used.</summary>
    public static string DescribeReuse(Order order) =>
        $"The key was used for an order of {order.Quantity} units of {order.ItemId}. Use a new key for a new order.";

    /// <summary>
    /// Stores the order with its event, or finds the earlier order with the key. It ignores the request's cancellation: a client that gave up
    /// retries with the same key, and if its disconnect undid the work, a burst on a cold system would never be done.
    /// </summary>
    private async Task<(Order Order, bool IsNew)> PlaceAsync(Owner owner, string itemId, int quantity, string? key)
    {
        if (await FindAsync(owner, key) is { } earlier)
        {
            return (earlier, IsNew: false);
        }

        var order = Order.Place(owner, itemId, quantity, key, time.GetMicrosecondNow(), sweep.Value.After);
        db.Orders.Add(order);
        db.Publish(OrderCreated.From(order));
        try
        {
            await db.SaveChangesAsync(CancellationToken.None);
        }
        catch (DbUpdateException e) when (key is not null && DatabaseErrors.CauseOf(e) is FailureCause.Duplicate)
        {
            // A concurrent request with the same key has committed first.
            return (await FindAsync(owner, key) ?? throw new TimeoutException("The order with this key no longer exists.", e), IsNew: false);
        }

        LogPlaced(order.Id, order.Quantity, order.ItemId);
        return (order, IsNew: true);
    }

    private async Task<Order?> FindAsync(Owner owner, string? key)
    {
        var stored = Order.KeyOf(owner, key);
        return stored is null ? null : await db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.IdempotencyKey == stored, CancellationToken.None);
    }

    /// <summary>An order to place.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public record Request
    {
        /// <summary>The item.</summary>
        /// <example>item-123</example>
        [Required(ErrorMessage = "item_id is required.")]
        [Text("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and start with a letter or digit")]
        public string ItemId { get; init; } = "";

        /// <summary>The number of units.</summary>
        /// <example>1</example>
        [Required(ErrorMessage = "quantity is required.")]
        [WholeNumber(1, 1000)]
        public int? Quantity { get; init; }
    }

    [LoggerMessage(LogLevel.Debug, "Placed order {OrderId}: {Quantity} of {ItemId}")]
    private partial void LogPlaced(Guid orderId, int quantity, string itemId);
}
