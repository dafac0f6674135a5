using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>Inventory decided about an order: the fields that this service reads.</summary>
internal sealed record InventoryUpdated(
    Guid OrderId,
    [property: Text("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", "1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', and start with a letter or digit")] string ItemId,
    [property: WholeNumber(1, 1000)] int Quantity,
    StockOutcome Outcome,
    [property: Text("^[a-z0-9_]{1,64}$", "1 to 64 of a-z, 0-9 and '_'")] string? Reason) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();
}
