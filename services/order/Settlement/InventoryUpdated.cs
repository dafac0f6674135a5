using DaprOrders.Messaging;
using DaprOrders.OrderService.Orders;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.OrderService.Settlement;

/// <summary>Inventory decided about an order: the fields that this service reads.</summary>
internal sealed record InventoryUpdated(
    Guid OrderId, StockOutcome Outcome, [property: Text("^[a-z0-9_]{1,64}$", "1 to 64 of a-z, 0-9 and '_'")] string? Reason) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();
}
