using DaprOrders.Messaging;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>An order was placed: the fields that this service reads.</summary>
internal sealed record OrderCreated(
    Guid OrderId,
    [property: Text(Stock.ItemId.AllowedPattern, Stock.ItemId.AllowedValues)] string ItemId,
    [property: WholeNumber(1, 1000)] int Quantity) : IEvent
{
    public static string Topic => "order.created";

    string IEvent.Key => OrderId.ToString();
}
