using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using System.Text.Json;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places many orders in one transaction. Each is judged as it would be alone; one that is refused harms no other.</summary>
internal static partial class PlaceBatch
{
    public sealed record Request(
        [property: Description("The orders, 1 to 1,000."), ListOf(typeof(BatchEntry)), Length(1, 1000, ErrorMessage = OrdersRule)] JsonElement[] Orders);

    public sealed record BatchEntry(string ItemId, int Quantity) : PlaceOrder.Request(ItemId, Quantity)
    {
        [Description("The order's own key; without one it is that of the request with the order's place, as key/0 and so on."), Example("order-4711")]
        [MinLength(1, ErrorMessage = KeyRule), RegularExpression(ServiceDefaults.IdempotencyKey.Pattern, ErrorMessage = KeyRule)]
        public string? IdempotencyKey { get; init; }
    }

    public const int LargestBody = 512 << 10;

    public static readonly KnownProblem Unreadable = KnownProblem.Unreadable with { Detail = $"The body lacks 'orders'. {OrdersRule}" };

    public static readonly KnownProblem TooLarge = KnownProblem.TooLarge with { Detail = $"The body must be at most {LargestBody} bytes." };

    private const string OrdersRule = "orders must be a list of 1 to 1000 orders.";
    private const string KeyRule = "idempotency_key must be 1 to 255 visible ASCII characters.";

    public static async Task<Results<Ok<BatchView>, ValidationProblem>> HandleAsync(
        Request request,
        [FromHeader(Name = IdempotencyKey.Header)] string? key,
        OrderPlacement placement,
        IOptions<JsonOptions> json,
        ILogger<OrderPlacement> logger,
        HttpContext context)
    {
        if (key is not null && !IdempotencyKey.IsValidForBatch(context.Request.Headers[IdempotencyKey.Header]))
        {
            return Parameters.Invalid(IdempotencyKey.Header, IdempotencyKey.BatchRule);
        }

        var results = new BatchResult[request.Orders.Length];
        var orders = new List<NewOrder>(results.Length);
        var places = new List<int>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            if (BodyPart.TryRead<BatchEntry>(request.Orders[i], json.Value.SerializerOptions, out var entry, out var problem))
            {
                var ownKey = entry.IdempotencyKey ?? (key is null ? null : IdempotencyKey.OfEntry(key, i));
                orders.Add(new NewOrder(entry.ItemId, entry.Quantity, ownKey, Activity.Current?.Id));
                places.Add(i);
            }
            else
            {
                results[i] = BatchResult.Refused(i, problem);
            }
        }

        // Not cancelled with the request, as a single order is not.
        var placements = await placement.PlaceAsync(orders);
        for (var i = 0; i < placements.Length; i++)
        {
            results[places[i]] = Result(places[i], orders[i], placements[i], logger);
        }

        return TypedResults.Ok(new BatchView(results));
    }

    private static BatchResult Result(int index, NewOrder wanted, Placement placement, ILogger logger)
    {
        if (placement.Order is not { } order)
        {
            return NotStored(index, placement.Failure!, logger);
        }

        if (!order.IsFor(wanted.ItemId, wanted.Quantity))
        {
            return BatchResult.Refused(index, PlaceOrder.KeyOfAnotherOrder with { Detail = PlaceOrder.UsedFor(order) });
        }

        if (placement.IsNew)
        {
            OrderPlacement.LogPlaced(logger, order.Id, order.Quantity, order.ItemId);
        }

        return BatchResult.Placed(index, order.Id, isReplay: !placement.IsNew);
    }

    private static BatchResult NotStored(int index, Exception failure, ILogger logger)
    {
        if (DatabaseErrors.IsTransient(failure))
        {
            return BatchResult.Refused(index, KnownProblem.Unavailable);
        }

        LogFailed(logger, failure, index);
        return BatchResult.Refused(index, KnownProblem.Failed);
    }

    [LoggerMessage(LogLevel.Error, "Order {Index} of a batch failed")]
    private static partial void LogFailed(ILogger logger, Exception exception, int index);
}
