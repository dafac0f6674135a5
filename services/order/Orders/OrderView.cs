using System.Text.Json.Serialization;

namespace DaprOrders.OrderService.Orders;

/// <summary>An order as clients see it.</summary>
internal sealed record OrderView(
    Guid Id,
    string ItemId,
    int Quantity,
    OrderStatus Status,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason,
    DateTimeOffset CreatedAt)
{
    public static OrderView Of(Order order) => new(order.Id, order.ItemId, order.Quantity, order.Status, order.Reason, order.CreatedAt);
}
