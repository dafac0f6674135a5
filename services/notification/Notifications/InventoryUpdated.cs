using DaprOrders.Messaging;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>Inventory decided about an order: the fields that this service reads.</summary>
internal sealed record InventoryUpdated(Guid OrderId, string ItemId, int Quantity, StockOutcome Outcome, string? Reason) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();
}
