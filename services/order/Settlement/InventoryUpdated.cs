using DaprOrders.Messaging;
using DaprOrders.OrderService.Orders;

namespace DaprOrders.OrderService.Settlement;

/// <summary>Inventory decided about an order: the fields that this service reads.</summary>
internal sealed record InventoryUpdated(Guid OrderId, StockOutcome Outcome, string? Reason) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();
}
