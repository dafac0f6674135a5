using DaprOrders.InventoryService.Stock;
using DaprOrders.Persistence;

namespace DaprOrders.InventoryService.Reservations;

internal enum ReservationOutcome
{
    Reserved,
    Rejected,
}

internal enum RejectionReason
{
    OutOfStock,
    UnknownItem,
}

/// <summary>The decision about an order, made once: its units are reserved, or it is rejected.</summary>
internal sealed class Reservation
{
    public Guid OrderId { get; private init; }

    public string ItemId { get; private init; } = "";

    public int Quantity { get; private init; }

    public ReservationOutcome Outcome { get; private init; }

    /// <summary>Gets why the order is rejected; null if it is reserved.</summary>
    public RejectionReason? Reason { get; private init; }

    /// <summary>Gets how many units were left after this decision; 0 for an unknown item.</summary>
    public int Available { get; private init; }

    /// <summary>Gets the id of the <c>inventory.updated</c>, so that the republished event has the same id.</summary>
    public Guid EventId { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }

    /// <summary>Reserves the units if they are there.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="itemId">The item of the order.</param>
    /// <param name="quantity">How many units.</param>
    /// <param name="stock">The stock of the item, locked; null if the item is unknown.</param>
    /// <param name="now">The time of the decision.</param>
    public static Reservation Decide(Guid orderId, string itemId, int quantity, StockItem? stock, DateTimeOffset now)
    {
        RejectionReason? reason =
            stock is null ? RejectionReason.UnknownItem
            : !stock.TryTake(quantity) ? RejectionReason.OutOfStock
            : null;
        return new Reservation
        {
            OrderId = orderId,
            ItemId = itemId,
            Quantity = quantity,
            Outcome = reason is null ? ReservationOutcome.Reserved : ReservationOutcome.Rejected,
            Reason = reason,
            Available = stock?.Available ?? 0,
            EventId = Uuid7.Next(now),
            CreatedAt = now,
        };
    }
}
