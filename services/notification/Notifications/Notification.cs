using DaprOrders.Persistence;

namespace DaprOrders.NotificationService.Notifications;

internal enum StockOutcome
{
    Reserved,
    Rejected,
}

/// <summary>What the customer was told of an order: one row per order and outcome.</summary>
internal sealed class Notification : IKeysetPaged
{
    /// <summary>Gets the id, a UUID version 7.</summary>
    public required Guid Id { get; init; }

    public required Guid OrderId { get; init; }

    public required string ItemId { get; init; }

    public required int Quantity { get; init; }

    public required StockOutcome Outcome { get; init; }

    public string? Reason { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
