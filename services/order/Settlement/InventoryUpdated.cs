using DaprOrders.Messaging;

namespace DaprOrders.OrderService.Settlement;

internal enum StockOutcome
{
    Reserved,
    Rejected,
}

/// <summary>Inventory answered an order: what this service reads of it.</summary>
internal sealed record InventoryUpdated(Guid OrderId, StockOutcome Outcome, string? Reason) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();
}
