using DaprOrders.Persistence;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>The outcome of an order.</summary>
internal enum StockOutcome
{
    Reserved,
    Rejected,
}

/// <summary>A notification of the customer: one per order and outcome.</summary>
internal sealed class Notification : IKeysetPaged
{
    /// <summary>Gets the id, a UUID version 7.</summary>
    public Guid Id { get; private init; }

    public Guid OrderId { get; private init; }

    public string ItemId { get; private init; } = "";

    public int Quantity { get; private init; }

    public StockOutcome Outcome { get; private init; }

    public string? Reason { get; private init; }

    public DateTimeOffset CreatedAt { get; private init; }

    public static Notification Of(InventoryUpdated message, DateTimeOffset now) => new()
    {
        Id = Uuid7.Next(now),
        OrderId = message.OrderId,
        ItemId = message.ItemId,
        Quantity = message.Quantity,
        Outcome = message.Outcome,
        Reason = message.Reason,
        CreatedAt = now,
    };
}
