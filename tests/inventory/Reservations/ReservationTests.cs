using DaprOrders.InventoryService.Reservations;
using DaprOrders.InventoryService.Stock;

namespace DaprOrders.InventoryService.Tests.Reservations;

public sealed class ReservationTests
{
    private static readonly Guid OrderId = Guid.NewGuid();
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Theory]
    [InlineData(2, 1)]
    [InlineData(3, 0)] // all remaining units
    public void Order_is_reserved_if_there_are_enough_units(int quantity, int remaining)
    {
        var stock = Stock(3);

        var reservation = Reservation.Decide(OrderId, "item-1", quantity, stock, Now);

        Assert.Equal((ReservationOutcome.Reserved, null), (reservation.Outcome, reservation.Reason));
        Assert.Equal((remaining, remaining), (reservation.Available, stock.Available));
        Assert.Equal((OrderId, "item-1", quantity, Now), (reservation.OrderId, reservation.ItemId, reservation.Quantity, reservation.CreatedAt));
    }

    [Fact]
    public void Order_of_too_many_units_is_rejected_as_out_of_stock_and_takes_none()
    {
        var stock = Stock(3);

        var reservation = Reservation.Decide(OrderId, "item-1", 4, stock, Now);

        Assert.Equal((ReservationOutcome.Rejected, RejectionReason.OutOfStock), (reservation.Outcome, reservation.Reason));
        Assert.Equal((3, 3), (reservation.Available, stock.Available));
    }

    [Fact]
    public void Order_of_an_item_without_a_stock_row_is_rejected_as_unknown_item()
    {
        var reservation = Reservation.Decide(OrderId, "item-1", 1, stock: null, Now);

        Assert.Equal((ReservationOutcome.Rejected, RejectionReason.UnknownItem), (reservation.Outcome, reservation.Reason));
        Assert.Equal(0, reservation.Available);
    }

    [Fact]
    public void Event_has_the_values_and_the_event_id_of_the_reservation()
    {
        var reservation = Reservation.Decide(OrderId, "item-1", 1, Stock(3), Now);

        var message = InventoryUpdated.From(reservation);

        Assert.Equal(
            (OrderId, "item-1", 1, ReservationOutcome.Reserved, null, 2, Now),
            (message.OrderId, message.ItemId, message.Quantity, message.Outcome, message.Reason, message.Available, message.OccurredAt));
        Assert.Equal(reservation.EventId, ((Messaging.IEvent)message).Id);
    }

    private static StockItem Stock(int units) => new() { ItemId = "item-1", Initial = units, Available = units };
}
