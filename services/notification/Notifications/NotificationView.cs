namespace DaprOrders.NotificationService.Notifications;

/// <summary>A notification as clients see it.</summary>
internal sealed record NotificationView
{
    /// <summary>The notification's id, a UUID.</summary>
    /// <example>0199b0c2-7e54-7a90-b7c4-5f6d2e1a9b01</example>
    public required Guid Id { get; init; }

    /// <summary>The order's id, a UUID.</summary>
    /// <example>0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e</example>
    public required Guid OrderId { get; init; }

    /// <summary>The item that was ordered.</summary>
    /// <example>item-123</example>
    public required string ItemId { get; init; }

    /// <summary>The number of units that were ordered, 1 to 1,000.</summary>
    /// <example>1</example>
    public required int Quantity { get; init; }

    /// <summary>The outcome of the order.</summary>
    public required StockOutcome Outcome { get; init; }

    /// <summary>The reason of a rejected order; otherwise null.</summary>
    /// <example>out_of_stock</example>
    public required string? Reason { get; init; }

    /// <summary>The time of the notification, UTC.</summary>
    /// <example>2026-11-23T08:20:07.973965+00:00</example>
    public required DateTimeOffset CreatedAt { get; init; }

    public static NotificationView Of(Notification notification) => new()
    {
        Id = notification.Id,
        OrderId = notification.OrderId,
        ItemId = notification.ItemId,
        Quantity = notification.Quantity,
        Outcome = notification.Outcome,
        Reason = notification.Reason,
        CreatedAt = notification.CreatedAt,
    };
}
