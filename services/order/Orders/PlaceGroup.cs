using System.ComponentModel.DataAnnotations;
using System.Runtime.ExceptionServices;
using System.Text.Json.Serialization;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Places the orders of several requests, which the gateway has coalesced into one call. Unlike in a batch, each order has its own owner and trace, and
/// a result contains the whole order, so that the gateway can send it to its client. The gateway sends an order without one alone.
/// </summary>
internal static class PlaceGroup
{
    public static async Task<Results<Ok<GroupView>, ProblemHttpResult>> HandleAsync(
        Request request, [FromHeader(Name = Owner.Header)] string? owner, [FromServices] PlaceOrders placeOrders)
    {
        if (Array.Exists(request.Orders, order => order is null))
        {
            return Problem.MalformedBody.ToResult("An item of orders is null.");
        }

        // The policy of the route checks who sent the header, but not who sent the owners in the body.
        if (owner is null && Array.Exists(request.Orders, order => order.Owner is not null))
        {
            return Problem.Forbidden.ToResult($"Send the header {Owner.Header} with a group whose orders have owners.");
        }

        var placements = await placeOrders.PlaceAsync([.. request.Orders.Select((order, i) => order.ToNewOrder(i))]);

        // If the database is unavailable, the whole group is 503. Otherwise the gateway would send each of its orders alone.
        var failure = placements.FirstOrDefault(placement => placement.Failure is { } e && DatabaseErrors.IsUnavailable(e) && !DatabaseErrors.IsConflict(e));
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure.Failure!);
        }

        return TypedResults.Ok(new GroupView([.. placements.Select(placement => GroupResult.Of(placeOrders.ResultOf(placement), placement.Order))]));
    }

    /// <summary>Orders to place.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public sealed record Request
    {
        [Required(ErrorMessage = "orders is required.")]
        [ItemCount(1, 1000)]
        public Entry[] Orders { get; init; } = null!;
    }

    /// <summary>An order of a client, with what the gateway would send in headers if it sent the order alone.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public sealed record Entry : PlaceOrder.Request
    {
        [Required(ErrorMessage = "idempotency_key is required.")]
        [Text(ServiceDefaults.IdempotencyKey.Pattern, "1 to 255 visible ASCII characters")]
        public string? IdempotencyKey { get; init; }

        /// <summary>Gets the subject of the client's token; null if authentication is off.</summary>
        [Text("^[!-~]{1,255}$", "1 to 255 visible ASCII characters")]
        public string? Owner { get; init; }

        /// <summary>Gets the W3C traceparent of the client's request.</summary>
        [JsonPropertyName("traceparent")]
        public string? TraceParent { get; init; }

        public PlaceOrders.NewOrder ToNewOrder(int index) => new(index, new Owner(Owner ?? ""), ItemId, Quantity!.Value, IdempotencyKey, TraceParent);
    }

    /// <summary>The results, in the order of the request.</summary>
    public sealed record GroupView(IReadOnlyList<GroupResult> Results);

    /// <summary>The status that the order would have got alone, and the order if that is 201.</summary>
    public sealed record GroupResult(
        int Status,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Replayed,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OrderView? Order)
    {
        public static GroupResult Of(BatchResult result, Order? order) => result.Status is StatusCodes.Status201Created
            ? new GroupResult(result.Status, result.Replayed, OrderView.Of(order!))
            : new GroupResult(result.Status, null, null);
    }
}
