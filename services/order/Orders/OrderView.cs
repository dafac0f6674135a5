using System.ComponentModel;
using System.Text.Json.Serialization;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.OrderService.Orders;

/// <summary>An order as clients see it.</summary>
internal sealed record OrderView(
    [property: Description("The order's id, a UUID."), Example("0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")] Guid Id,
    [property: Description("The item."), Example("item-123")] string ItemId,
    [property: Description("How many pieces, 1 to 1,000."), Example(1)] int Quantity,
    [property: Description("Where the order stands: pending until inventory has answered, then confirmed or rejected for good.")] OrderStatus Status,
    [property: Description("Why it was rejected; only there when it was."), Example("out_of_stock")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    string? Reason,
    [property: Description("When it was placed, UTC."), Example("2026-11-23T08:20:07.502793+00:00")] DateTimeOffset CreatedAt)
{
    public static OrderView Of(Order order) => new(order.Id, order.ItemId, order.Quantity, order.Status, order.Reason, order.CreatedAt);
}
