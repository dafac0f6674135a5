using DaprOrders.Messaging;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>An order was placed: the fields that this service reads.</summary>
internal sealed record OrderCreated(Guid OrderId, string ItemId, int Quantity) : IEvent
{
    public static string Topic => "order.created";

    string IEvent.Key => OrderId.ToString();
}
