using System.Text.Json.Serialization;

namespace DaprOrders.OrderService.Orders;

/// <summary>An order as clients see it.</summary>
internal sealed record OrderView
{
    /// <summary>The order's id, a UUID.</summary>
    /// <example>0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e</example>
    public required Guid Id { get; init; }

    /// <summary>The item.</summary>
    /// <example>item-123</example>
    public required string ItemId { get; init; }

    /// <summary>The number of units, 1 to 1,000.</summary>
    /// <example>1</example>
    public required int Quantity { get; init; }

    /// <summary>The status: pending until inventory has decided, then confirmed or rejected. It never changes again.</summary>
    public required OrderStatus Status { get; init; }

    /// <summary>The reason of a rejected order: out_of_stock or unknown_item. Absent for other orders.</summary>
    /// <example>out_of_stock</example>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>The time at which the order was placed, UTC.</summary>
    /// <example>2026-11-23T08:20:07.502793+00:00</example>
    public required DateTimeOffset CreatedAt { get; init; }

    public static OrderView Of(Order order) => new()
    {
        Id = order.Id,
        ItemId = order.ItemId,
        Quantity = order.Quantity,
        Status = order.Status,
        Reason = order.Reason,
        CreatedAt = order.CreatedAt,
    };
}
