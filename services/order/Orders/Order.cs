using System.Diagnostics;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.OrderService.Orders;

/// <summary>The status of an order. Only a pending order changes its status.</summary>
public enum OrderStatus
{
    Pending,
    Confirmed,
    Rejected,
}

/// <summary>An order: pending until inventory has decided, then confirmed or rejected for good.</summary>
internal sealed class Order : IKeysetPaged
{
    private static readonly TimeSpan LongestSweepInterval = TimeSpan.FromHours(1);

    /// <summary>Gets the order's id, a UUID version 7. It is also the id of its <c>order.created</c>.</summary>
    public Guid Id { get; private init; }

    /// <summary>Gets whose order it is: the subject of the client's token. Empty if authentication was off.</summary>
    public string Owner { get; private init; } = "";

    public string ItemId { get; private init; } = "";

    public int Quantity { get; private init; }

    public OrderStatus Status { get; private set; }

    /// <summary>Gets why the order was rejected, in inventory's words; null unless it was.</summary>
    public string? Reason { get; private set; }

    /// <summary>Gets the idempotency key of the order, as <see cref="KeyOf"/> returns it; null if the order has none.</summary>
    public string? IdempotencyKey { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Gets the W3C traceparent of the span in which the order was placed. Republished events continue its trace.</summary>
    public string? TraceParent { get; private init; }

    /// <summary>Gets when the event is republished if the order is still pending then.</summary>
    public DateTimeOffset NextSweepAt { get; private set; }

    /// <summary>Gets how often the event was republished.</summary>
    public int Sweeps { get; private set; }

    public static Order Place(Owner owner, string itemId, int quantity, string? idempotencyKey, DateTimeOffset now, TimeSpan firstSweep) => new()
    {
        Id = Uuid7.Next(now),
        Owner = owner.Value,
        ItemId = itemId,
        Quantity = quantity,
        IdempotencyKey = KeyOf(owner, idempotencyKey),
        CreatedAt = now,
        TraceParent = Activity.Current?.Id,
        NextSweepAt = now + firstSweep,
    };

    /// <summary>
    /// Returns the key under which an owner's order is stored. Different owners can use the same key. The owner is part of the key and not a second
    /// column of the index, because PostgreSQL would then sometimes read all orders of the owner to find a key.
    /// </summary>
    public static string? KeyOf(Owner owner, string? idempotencyKey) =>
        idempotencyKey is null || owner.Value.Length == 0 ? idempotencyKey : $"{owner.Value}\t{idempotencyKey}";

    public bool HasContent(string itemId, int quantity) => ItemId == itemId && Quantity == quantity;

    /// <summary>Settles a pending order. The first outcome counts.</summary>
    /// <returns>Whether the order has this outcome now; false if it was settled differently before.</returns>
    public bool Settle(StockOutcome outcome, string? reason)
    {
        var status = outcome is StockOutcome.Reserved ? OrderStatus.Confirmed : OrderStatus.Rejected;
        if (Status is not OrderStatus.Pending)
        {
            return Status == status;
        }

        Status = status;
        Reason = outcome is StockOutcome.Rejected ? reason : null;
        return true;
    }

    /// <summary>Doubles the time until the event is republished once more, up to an hour.</summary>
    public void ScheduleNextSweep(DateTimeOffset now, TimeSpan firstSweep)
    {
        Sweeps++;
        var interval = firstSweep * Math.Pow(2, Math.Min(Sweeps, 10));
        NextSweepAt = now + (interval < LongestSweepInterval ? interval : LongestSweepInterval);
    }
}
