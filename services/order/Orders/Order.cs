using DaprOrders.Hosting;

namespace DaprOrders.OrderService.Orders;

internal enum OrderStatus
{
    Pending,
    Confirmed,
    Rejected,
}

/// <summary>An order: pending until inventory has answered, then confirmed or rejected for good.</summary>
internal sealed class Order : INewestFirst
{
    /// <summary>Gets the order's id, a UUID version 7. It is also the id of its <c>order.created</c>.</summary>
    public Guid Id { get; private init; }

    public string ItemId { get; private init; } = "";

    public int Quantity { get; private init; }

    public OrderStatus Status { get; private set; }

    /// <summary>Gets why the order was rejected, in inventory's word.</summary>
    public string? Reason { get; private set; }

    public string? IdempotencyKey { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }

    public static Order Place(string itemId, int quantity, string? idempotencyKey, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        ItemId = itemId,
        Quantity = quantity,
        IdempotencyKey = idempotencyKey,
        CreatedAt = now,
    };

    public bool IsFor(string itemId, int quantity) => ItemId == itemId && Quantity == quantity;

    /// <summary>Takes inventory's answer. The first one counts; it comes again when a delivery is repeated.</summary>
    /// <returns>Whether the order changed.</returns>
    public bool Settle(bool reserved, string? reason)
    {
        if (Status is not OrderStatus.Pending)
        {
            return false;
        }

        Status = reserved ? OrderStatus.Confirmed : OrderStatus.Rejected;
        Reason = reserved ? null : reason;
        return true;
    }
}
