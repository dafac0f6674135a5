using DaprOrders.Messaging;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>Inventory answered an order: what this service reads of it.</summary>
internal sealed record InventoryUpdated(Guid OrderId, string ItemId, int Quantity, StockOutcome Outcome, string? Reason) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();
}
