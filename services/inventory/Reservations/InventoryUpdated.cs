using System.Text.Json.Serialization;
using DaprOrders.Messaging;

namespace DaprOrders.InventoryService.Reservations;

/// <summary>An order was decided about: its units are reserved, or it is rejected.</summary>
internal sealed record InventoryUpdated(
    Guid OrderId,
    string ItemId,
    int Quantity,
    ReservationOutcome Outcome,
    RejectionReason? Reason,
    int Available,
    DateTimeOffset OccurredAt) : IEvent
{
    public static string Topic => "inventory.updated";

    string IEvent.Key => OrderId.ToString();

    [JsonIgnore]
    public Guid EventId { get; private init; }

    Guid IEvent.Id => EventId;

    public static InventoryUpdated From(Reservation reservation) => new(
        reservation.OrderId, reservation.ItemId, reservation.Quantity, reservation.Outcome, reservation.Reason, reservation.Available,
        reservation.CreatedAt)
    {
        EventId = reservation.EventId,
    };
}
