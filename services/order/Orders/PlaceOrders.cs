using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using DaprOrders.Messaging;
using DaprOrders.OrderService.Data;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using JsonOptions = Microsoft.AspNetCore.Http.Json.JsonOptions;

namespace DaprOrders.OrderService.Orders;

/// <summary>Places many orders in one transaction. Each gets the result that it would get alone; a bad one does not affect the others.</summary>
internal sealed partial class PlaceOrders(
    IServiceScopeFactory scopes, IOptions<SweepOptions> sweep, TimeProvider time, ILogger<PlaceOrders> logger)
{
    private const int Attempts = 3;

    /// <summary>Places up to 1,000 orders. Each order gets its own result.</summary>
    /// <response code="200">The batch was processed. Each order has its own status.</response>
    public static async Task<Ok<BatchView>> HandleAsync(
        Request request,
        [FromHeader(Name = IdempotencyKey.Header), Description("Makes the request safe to retry. An entry without its own key gets one from this key and its index.")]
        BatchIdempotencyKey? key,
        Owner owner,
        [FromServices] PlaceOrders placeOrders,
        IOptions<JsonOptions> json)
    {
        var results = new BatchResult[request.Orders.Length];
        var orders = new List<NewOrder>(results.Length);
        for (var i = 0; i < results.Length; i++)
        {
            if (JsonPart.TryRead<BatchEntry>(request.Orders[i], json.Value.SerializerOptions, out var entry, out var problem))
            {
                orders.Add(new NewOrder(i, owner, entry.ItemId, entry.Quantity!.Value, entry.IdempotencyKey ?? key?.OfEntry(i)));
            }
            else
            {
                results[i] = BatchResult.Refused(i, problem);
            }
        }

        foreach (var placement in await placeOrders.PlaceAsync(orders))
        {
            results[placement.Wanted.Index] = placeOrders.ResultOf(placement);
        }

        return TypedResults.Ok(new BatchView { Results = results });
    }

    /// <summary>
    /// Places the orders together; if that fails because of one of them, each alone. Batches that keep deadlocking on the same keys pass in this way
    /// too: an order alone waits for at most one other transaction.
    /// </summary>
    public async Task<IReadOnlyList<Placement>> PlaceAsync(List<NewOrder> orders)
    {
        try
        {
            return await PlaceTogetherAsync(orders);
        }
        catch (Exception e) when (orders.Count > 1 && (DatabaseErrors.IsConflict(e) || !DatabaseErrors.IsUnavailable(e)))
        {
            LogFallback(orders.Count, e.Message);
            return await PlaceOneByOneAsync(orders);
        }
    }

    /// <summary>Retries after a conflict with a concurrent request for the same keys: the next attempt finds its orders.</summary>
    private async Task<IReadOnlyList<Placement>> PlaceTogetherAsync(List<NewOrder> orders)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var scope = scopes.CreateAsyncScope();
            try
            {
                return await PlaceAsync(scope.ServiceProvider.GetRequiredService<OrderDbContext>(), orders);
            }
            catch (Exception e) when (attempt < Attempts && DatabaseErrors.IsConflict(e))
            {
            }
        }
    }

    /// <summary>Ignores the request's cancellation, like <see cref="PlaceOrder"/>.</summary>
    private async Task<IReadOnlyList<Placement>> PlaceAsync(OrderDbContext db, List<NewOrder> wanted)
    {
        var keys = wanted.Where(order => order.StoredKey is not null).Select(order => order.StoredKey!).ToHashSet();
        var byKey = await db.Orders.AsNoTracking()
            .Where(order => order.IdempotencyKey != null && keys.Contains(order.IdempotencyKey))
            .ToDictionaryAsync(order => order.IdempotencyKey!, CancellationToken.None);

        var now = time.GetMicrosecondNow();
        var placements = new List<Placement>(wanted.Count);
        foreach (var one in wanted)
        {
            if (one.StoredKey is not null && byKey.TryGetValue(one.StoredKey, out var earlier))
            {
                placements.Add(new Placement(one, earlier));
                continue;
            }

            using var trace = OrderTrace.Start(one.TraceParent);
            var order = Order.Place(one.Owner, one.ItemId, one.Quantity, one.Key, now, sweep.Value.After);
            db.Orders.Add(order);
            db.Publish(OrderCreated.From(order));
            placements.Add(new Placement(one, order, IsNew: true));
            if (one.StoredKey is not null)
            {
                byKey.Add(one.StoredKey, order); // a later order with the same key is this one
            }
        }

        await db.SaveChangesAsync(CancellationToken.None);
        return placements;
    }

    private async Task<IReadOnlyList<Placement>> PlaceOneByOneAsync(List<NewOrder> orders)
    {
        var placements = new List<Placement>(orders.Count);
        Exception? unavailable = null;
        foreach (var order in orders)
        {
            try
            {
                placements.AddRange(unavailable is null ? await PlaceTogetherAsync([order]) : [new Placement(order, null, Failure: unavailable)]);
            }
            catch (Exception e)
            {
                placements.Add(new Placement(order, null, Failure: e));
                unavailable = DatabaseErrors.IsUnavailable(e) && !DatabaseErrors.IsConflict(e) ? e : null; // the rest would only wait for the same failure
            }
        }

        return placements;
    }

    public BatchResult ResultOf(Placement placement)
    {
        var wanted = placement.Wanted;
        if (placement.Order is not { } order)
        {
            return RefusedBy(placement.Failure!, wanted.Index);
        }

        return order.HasContent(wanted.ItemId, wanted.Quantity)
            ? BatchResult.Placed(wanted.Index, order.Id, isReplay: !placement.IsNew)
            : BatchResult.Refused(wanted.Index, PlaceOrder.KeyReused.ToDetails(PlaceOrder.DescribeReuse(order)));
    }

    private BatchResult RefusedBy(Exception failure, int index)
    {
        if (DatabaseErrors.IsUnavailable(failure) || DatabaseErrors.IsConflict(failure))
        {
            return BatchResult.Refused(index, Problem.Unavailable.ToDetails());
        }

        LogFailed(failure, index);
        return BatchResult.Refused(index, Problem.InternalError.ToDetails());
    }

    /// <summary>Orders to place.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public sealed record Request
    {
        /// <summary>The orders, 1 to 1,000.</summary>
        [Required(ErrorMessage = "orders is required.")]
        [ListOf(typeof(BatchEntry)), ItemCount(1, 1000), JsonConverter(typeof(JsonItemsConverter))]
        public JsonElement[] Orders { get; init; } = null!;
    }

    /// <summary>An order of a batch.</summary>
    [JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
    public sealed record BatchEntry : PlaceOrder.Request
    {
        /// <summary>The order's own key. Without it, the key is derived from that of the request and the order's index.</summary>
        /// <example>order-4711</example>
        [Text(ServiceDefaults.IdempotencyKey.Pattern, "1 to 255 visible ASCII characters")]
        public string? IdempotencyKey { get; init; }
    }

    [LoggerMessage(LogLevel.Warning, "Could not place {Count} orders in one transaction, placing each in its own: {Error}")]
    private partial void LogFallback(int count, string error);

    [LoggerMessage(LogLevel.Error, "Could not place order {Index} of a batch")]
    private partial void LogFailed(Exception exception, int index);

    /// <summary>An order of the request, with its index.</summary>
    public sealed record NewOrder(int Index, Owner Owner, string ItemId, int Quantity, string? Key, string? TraceParent = null)
    {
        public string? StoredKey { get; } = Order.KeyOf(Owner, Key);
    }

    /// <summary>The order that was placed, now or earlier with the same key; or why it was not.</summary>
    public sealed record Placement(NewOrder Wanted, Order? Order, bool IsNew = false, Exception? Failure = null);
}
