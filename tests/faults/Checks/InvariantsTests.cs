using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Tests that each invariant detects a state that violates it.</summary>
public sealed class InvariantsTests
{
    private static readonly Guid Confirmed = Guid.CreateVersion7();
    private static readonly Guid Rejected = Guid.CreateVersion7();

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly OrderContent Two = new("item-1", 2);
    private static readonly OrderContent One = new("item-2", 1);
    private static readonly OrderRow ConfirmedOrder = new(Confirmed, Two, "confirmed", null, "key-1", Now);
    private static readonly OrderRow RejectedOrder = new(Rejected, One, "rejected", "out_of_stock", "key-2", Now);
    private static readonly ReservationRow Reservation = new(Confirmed, Two, "reserved", null, Now);
    private static readonly NotificationRow Notification = new(Confirmed, Two, "reserved", null);

    private static readonly Snapshot Valid = new(
        [ConfirmedOrder, RejectedOrder],
        [Reservation, new(Rejected, One, "rejected", "out_of_stock", Now)],
        [Notification, new(Rejected, One, "rejected", "out_of_stock")],
        [new("item-1", Initial: 10, Available: 8, Reserved: 2), new("item-2", Initial: 0, Available: 0, Reserved: 0)],
        [],
        OutboxRows: 0);

    public static TheoryData<string> Names => [.. Invariants.All.Except(Histories.All)];

    [Fact]
    public void Valid_state_violates_no_invariant() => Assert.Empty(Invariants.Check(
        Valid, Observe(("key-1", Confirmed, Two), ("key-2", Rejected, One)) with { ReservationLimit = TimeSpan.FromSeconds(5) }));

    [Fact]
    public void Missing_response_or_missing_order_alone_is_no_violation_of_the_content() =>
        Assert.Empty(Invariants.Check(Valid, Sent(new SentOrder("key-1", Two), new SentOrder("key-5", One))));

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_invariant_detects_its_violation(string invariant)
    {
        foreach (var (snapshot, observations) in InvalidStates(invariant))
        {
            Assert.Contains(invariant, Invariants.Check(snapshot, observations).Select(violation => violation.Invariant));
        }
    }

    private static IEnumerable<(Snapshot Snapshot, Observations Observations)> InvalidStates(string invariant) => invariant switch
    {
        Invariants.Acknowledged => [(Valid, Observe(("key-3", Guid.CreateVersion7(), One)))],
        Invariants.SameOrders =>
        [
            (Valid with { Reservations = Valid.Reservations.Take(1).ToList() }, Observe()),
            (Valid with { Notifications = Valid.Notifications.Take(1).ToList() }, Observe()),
            (Valid with { Orders = Valid.Orders.Take(1).ToList() }, Observe()),
        ],
        Invariants.SameContent =>
        [
            (With(ConfirmedOrder with { Content = Two with { Quantity = 3 } }), Observe()),
            (With(Reservation with { Content = Two with { ItemId = "item-2" } }), Observe()),
            (With(Notification with { Content = Two with { Quantity = 1 } }), Observe()),
            (With(Reservation with { Content = One }) with { Orders = [ConfirmedOrder with { Content = One }] }, Observe()),
        ],
        Invariants.SameOutcome =>
        [
            (With(ConfirmedOrder with { Status = "rejected", Reason = "out_of_stock" }), Observe()),
            (With(ConfirmedOrder with { Reason = "out_of_stock" }), Observe()),
            (With(Reservation with { Outcome = "rejected", Reason = "out_of_stock" }), Observe()),
            (With(Notification with { Outcome = "rejected", Reason = "out_of_stock" }), Observe()),
            (Valid with { Orders = [ConfirmedOrder, RejectedOrder with { Reason = "unknown_item" }] }, Observe()),
            (Valid with { Orders = [ConfirmedOrder, RejectedOrder with { Reason = null }] }, Observe()),
        ],
        Invariants.OneNotification => [(Valid with { Notifications = [.. Valid.Notifications, Notification] }, Observe())],
        Invariants.StoredAsSent =>
        [
            (Valid, Observe(("key-1", Confirmed, One))),
            (Valid, Sent(new SentOrder("key-1", Two with { Quantity = 1 }))), // not acknowledged
            (With(ConfirmedOrder with { Key = null }), Observe(("key-1", Confirmed, One))),
        ],
        Invariants.ReservedInTime => [(With(Reservation with { CreatedAt = Now.AddSeconds(6) }), Observe() with { ReservationLimit = TimeSpan.FromSeconds(5) })],
        Invariants.Stock =>
        [
            (Valid with { Stock = [new("item-1", 10, 7, 2)] }, Observe()),
            (Valid with { Stock = [new("item-1", 10, -1, 11)] }, Observe()),
        ],
        Invariants.OutboxesEmpty => [(Valid with { OutboxRows = 1 }, Observe())],
        Invariants.NonePending => [(With(ConfirmedOrder with { Status = "pending" }), Observe())],
        Invariants.OneKeyOneOrder =>
        [
            (With(ConfirmedOrder with { Key = "key-2" }), Observe()),
            (Valid, Observe(("key-1", Rejected, One))),
            (Valid, Observe(("key-4", Confirmed, Two), ("key-4", Rejected, Two))),
        ],
        Invariants.OnlyPoison => [(Valid with { DeadLetters = [new("orders_db", "in", "not-poison", "why")] }, Observe())],
        Invariants.DuplicatesReceived => [(Valid, Observe() with { Duplicates = new Dictionary<string, int> { ["order"] = 1, ["inventory"] = 1 } })],
        Invariants.KeyOrder =>
        [
            (Valid, Observe() with { Written = Sequence(Confirmed, Rejected), Published = Sequence(Rejected, Confirmed) }),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(invariant), invariant, "Add a state that violates this invariant."),
    };

    private static Dictionary<string, IReadOnlyList<string>> Sequence(params Guid[] ids) =>
        new() { ["sequence"] = ids.Select(id => id.ToString()).ToList() };

    private static Snapshot With(OrderRow order) => Valid with { Orders = [order, RejectedOrder] };

    private static Snapshot With(ReservationRow reservation) => Valid with { Reservations = [reservation, Valid.Reservations[1]] };

    private static Snapshot With(NotificationRow notification) => Valid with { Notifications = [notification, Valid.Notifications[1]] };

    private static Observations Sent(params SentOrder[] orders)
    {
        var ledger = new Ledger();
        orders.ToList().ForEach(ledger.Send);
        return new Observations { Ledger = ledger };
    }

    private static Observations Observe(params (string Key, Guid Order, OrderContent Content)[] acknowledged)
    {
        var ledger = new Ledger();
        foreach (var (key, order, content) in acknowledged)
        {
            ledger.Send(new SentOrder(key, content));
            ledger.Acknowledge(key, order);
        }

        return new Observations { Ledger = ledger };
    }
}
