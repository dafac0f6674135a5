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

/// <summary>The answer to an order, given once: the stock that was taken for it, or why none was.</summary>
internal sealed class Reservation
{
    public required Guid OrderId { get; init; }

    public required string ItemId { get; init; }

    public required int Quantity { get; init; }

    public required ReservationOutcome Outcome { get; init; }

    /// <summary>Gets why the order was rejected; null when it was reserved.</summary>
    public RejectionReason? Reason { get; init; }

    /// <summary>Gets what was left of the item after this answer; 0 for an unknown item.</summary>
    public required int Available { get; init; }

    /// <summary>Gets the id of the <c>inventory.updated</c> that tells of it, kept so that a repeated answer has the same id.</summary>
    public required Guid EventId { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
