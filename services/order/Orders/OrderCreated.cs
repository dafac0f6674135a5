using System.Text.Json.Serialization;
using DaprOrders.Messaging;

namespace DaprOrders.OrderService.Orders;

/// <summary>An order was placed.</summary>
internal sealed record OrderCreated(Guid OrderId, string ItemId, int Quantity, DateTimeOffset CreatedAt) : IEvent
{
    public static string Topic => "order.created";

    string IEvent.Key => OrderId.ToString();

    Guid IEvent.Id => OrderId;

    [JsonIgnore]
    public string? TraceParent { get; private init; }

    public static OrderCreated From(Order order) => new(order.Id, order.ItemId, order.Quantity, order.CreatedAt) { TraceParent = order.TraceParent };
}
