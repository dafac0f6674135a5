using DaprOrders.OrderService.Orders;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.OrderService.Tests.Orders;

public sealed class OrderTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly TimeSpan FirstSweep = TimeSpan.FromSeconds(30);

    [Fact]
    public void New_order_is_pending_and_is_first_swept_after_the_configured_time()
    {
        var order = Order.Place(new Owner("alice"), "item-1", 2, "key-1", Now, FirstSweep);

        Assert.Equal((OrderStatus.Pending, null), (order.Status, order.Reason));
        Assert.Equal(Now + FirstSweep, order.NextSweepAt);
        Assert.Equal(0, order.Sweeps);
        Assert.Equal(7, order.Id.Version);
        Assert.Equal("alice", order.Owner);
    }

    [Fact]
    public void Reserved_order_is_confirmed_without_a_reason()
    {
        var order = Place();

        Assert.True(order.Settle(StockOutcome.Reserved, "ignored"));
        Assert.Equal((OrderStatus.Confirmed, null), (order.Status, order.Reason));
    }

    [Fact]
    public void Rejected_order_keeps_the_reason()
    {
        var order = Place();

        Assert.True(order.Settle(StockOutcome.Rejected, "out_of_stock"));
        Assert.Equal((OrderStatus.Rejected, "out_of_stock"), (order.Status, order.Reason));
    }

    [Fact]
    public void Repeated_outcome_changes_nothing_and_is_no_contradiction()
    {
        var order = Place();
        order.Settle(StockOutcome.Rejected, "out_of_stock");

        Assert.True(order.Settle(StockOutcome.Rejected, "unknown_item"));
        Assert.Equal((OrderStatus.Rejected, "out_of_stock"), (order.Status, order.Reason));
    }

    [Fact]
    public void First_outcome_counts_and_a_contradiction_is_reported()
    {
        var (confirmed, rejected) = (Place(), Place());
        confirmed.Settle(StockOutcome.Reserved, null);
        rejected.Settle(StockOutcome.Rejected, "out_of_stock");

        Assert.False(confirmed.Settle(StockOutcome.Rejected, "out_of_stock"));
        Assert.Equal((OrderStatus.Confirmed, null), (confirmed.Status, confirmed.Reason));
        Assert.False(rejected.Settle(StockOutcome.Reserved, null));
        Assert.Equal((OrderStatus.Rejected, "out_of_stock"), (rejected.Status, rejected.Reason));
    }

    [Fact]
    public void Time_between_sweeps_doubles_up_to_an_hour()
    {
        var order = Place();
        var intervals = new List<double>();
        for (var now = order.NextSweepAt; order.Sweeps < 10; now = order.NextSweepAt)
        {
            order.ScheduleNextSweep(now, FirstSweep);
            intervals.Add((order.NextSweepAt - now).TotalSeconds);
        }

        Assert.Equal([60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600], intervals);
    }

    [Fact]
    public void Time_between_sweeps_stays_an_hour_however_often_an_order_was_swept()
    {
        var order = Place();
        for (var i = 0; i < 2000; i++)
        {
            order.ScheduleNextSweep(Now, FirstSweep);
        }

        Assert.Equal(Now + TimeSpan.FromHours(1), order.NextSweepAt);
    }

    private static Order Place() => Order.Place(new Owner(""), "item-1", 1, null, Now, FirstSweep);
}
