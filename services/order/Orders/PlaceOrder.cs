using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places an order, once for each idempotency key.</summary>
internal static class PlaceOrder
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
        Request request,
        [FromHeader(Name = IdempotencyKey.Header)] string? key,
        GroupCommit orders,
        ILogger<OrderPlacement> logger,
        HttpContext context)
    {
        if (key is not null && !IdempotencyKey.IsValid(context.Request.Headers[IdempotencyKey.Header]))
        {
            return Parameters.Invalid(IdempotencyKey.Header, IdempotencyKey.Rule);
        }

        // Not cancelled with the request: the gateway gives up after 2 s and asks again with the same key. If that undid the work each time, a
        // burst that takes longer than 2 s would never be done.
        var (order, isNew) = await orders.PlaceAsync(new NewOrder(request.ItemId, request.Quantity, key, Activity.Current?.Id));
        if (!order.IsFor(request.ItemId, request.Quantity))
        {
            return TypedResults.Problem(statusCode: KeyOfAnotherOrder.Status, title: KeyOfAnotherOrder.Title, detail: UsedFor(order));
        }

        if (isNew)
        {
            OrderPlacement.LogPlaced(logger, order.Id, order.Quantity, order.ItemId);
        }
        else
        {
            context.Response.Headers[IdempotencyKey.ReplayedHeader] = "true";
        }

        return TypedResults.Created($"/orders/{order.Id}", OrderView.Of(order));
    }

    /// <summary>Says whose key it is.</summary>
    public static string UsedFor(Order order) => $"It was used for {order.Quantity} of {order.ItemId}. Take a new key for a new order.";
}
