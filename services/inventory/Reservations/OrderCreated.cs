using DaprOrders.Messaging;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>An order was placed: what this service reads of it.</summary>
internal sealed record OrderCreated(Guid OrderId, string ItemId, int Quantity) : IEvent
{
    public static string Topic => "order.created";

    string IEvent.Key => OrderId.ToString();
}
