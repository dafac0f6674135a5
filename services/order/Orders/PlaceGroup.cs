using System.ComponentModel.DataAnnotations;
using System.Runtime.ExceptionServices;
using System.Text.Json.Serialization;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Places the orders of several requests, which the gateway has coalesced into one call. Unlike in a batch, each order has its own owner and trace, and
/// a result contains the whole order, so that the gateway can send it to its client. The gateway sends an order without one alone.
/// </summary>
internal static class PlaceGroup
{
    public static async Task<Results<Ok<GroupView>, ProblemHttpResult>> HandleAsync(
        PlaceOrders.Request request, [FromHeader(Name = Owner.Header)] string? owner, [FromServices] PlaceOrders placeOrders, IOptions<JsonOptions> json)
    {
        var results = new GroupResult[request.Orders.Length];
        var orders = new List<PlaceOrders.NewOrder>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            if (!JsonPart.TryRead<Entry>(request.Orders[i], json.Value.SerializerOptions, out var entry, out var problem))
            {
                results[i] = new GroupResult(problem.Status!.Value);
                continue;
            }

            if (entry.Owner is not null && owner is null)
            {
                // The policy of the route checks who sent the header, but not who sent the owners in the body.
                return Problem.Forbidden.ToResult($"Send the header {Owner.Header} with a group whose orders have owners.");
            }

            orders.Add(new(i, new Owner(entry.Owner ?? ""), entry.ItemId, entry.Quantity!.Value, entry.IdempotencyKey, entry.TraceParent));
        }

        foreach (var placement in await placeOrders.PlaceAsync(orders))
        {
            if (placement.Failure is { } failure && DatabaseErrors.IsUnavailable(failure) && !DatabaseErrors.IsConflict(failure))
            {
                // Then the whole group is 503. Otherwise the gateway would send each of these orders alone, and multiply the load.
                ExceptionDispatchInfo.Throw(failure);
            }

            results[placement.Wanted.Index] = GroupResult.Of(placeOrders.ResultOf(placement), placement.Order);
        }

        return TypedResults.Ok(new GroupView(results));
    }

    /// <summary>An order of a client, with what the gateway would send in headers if it sent the order alone.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public sealed record Entry : PlaceOrder.Request
    {
        [Required]
        [Text(ServiceDefaults.IdempotencyKey.Pattern, "1 to 255 visible ASCII characters")]
        public string? IdempotencyKey { get; init; }

        /// <summary>Gets the subject of the client's token; null if authentication is off.</summary>
        [Text("^[!-~]{1,255}$", "1 to 255 visible ASCII characters")]
        public string? Owner { get; init; }

        /// <summary>Gets the W3C traceparent of the client's request.</summary>
        [JsonPropertyName("traceparent")]
        public string? TraceParent { get; init; }
    }

    /// <summary>The results, in the order of the request.</summary>
    public sealed record GroupView(IReadOnlyList<GroupResult> Results);

    /// <summary>The status that the order would have got alone, and the order if that is 201.</summary>
    public sealed record GroupResult(
        int Status,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Replayed = null,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] OrderView? Order = null)
    {
        public static GroupResult Of(BatchResult result, Order? order) => result.Status is StatusCodes.Status201Created
            ? new GroupResult(result.Status, result.Replayed, OrderView.Of(order!))
            : new GroupResult(result.Status);
    }
}
