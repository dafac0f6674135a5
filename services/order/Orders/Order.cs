using DaprOrders.Persistence;

namespace DaprOrders.OrderService.Orders;

internal enum OrderStatus
{
    Pending,
    Confirmed,
    Rejected,
}

/// <summary>An order: pending until inventory has answered, then confirmed or rejected for good.</summary>
internal sealed class Order : IKeysetPaged
{
    private static readonly TimeSpan LongestSweep = TimeSpan.FromHours(1);

    /// <summary>Gets the order's id, a UUID version 7. It is also the id of its <c>order.created</c>.</summary>
    public Guid Id { get; private init; }

    public string ItemId { get; private init; } = "";

    public int Quantity { get; private init; }

    public OrderStatus Status { get; private set; }

    /// <summary>Gets why the order was rejected, in inventory's word.</summary>
    public string? Reason { get; private set; }

    public string? IdempotencyKey { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Gets when the order, if it is still pending then, is published again.</summary>
    public DateTimeOffset NextSweepAt { get; private set; }

    /// <summary>Gets how often it was published again.</summary>
    public int Sweeps { get; private set; }

    public static Order Place(Guid id, string itemId, int quantity, string? idempotencyKey, DateTimeOffset now, TimeSpan firstSweep) => new()
    {
        Id = id,
        ItemId = itemId,
        Quantity = quantity,
        IdempotencyKey = idempotencyKey,
        CreatedAt = now,
        NextSweepAt = now + firstSweep,
    };

    public bool IsFor(string itemId, int quantity) => ItemId == itemId && Quantity == quantity;

    /// <summary>Waits twice as long as the last time before the order is published once more, at most an hour.</summary>
    public void PutOffSweep(DateTimeOffset now, TimeSpan firstSweep)
    {
        Sweeps++;
        var pause = firstSweep * Math.Pow(2, Math.Min(Sweeps, 10));
        NextSweepAt = now + (pause < LongestSweep ? pause : LongestSweep);
    }

    /// <summary>Where a pending order comes to stand by inventory's answer. It stays there for good.</summary>
    public static OrderStatus Settled(bool reserved) => reserved ? OrderStatus.Confirmed : OrderStatus.Rejected;
}
