using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Tests that each invariant detects a state that violates it.</summary>
public sealed class InvariantsTests
{
    private static readonly Guid Confirmed = Guid.CreateVersion7();
    private static readonly Guid Rejected = Guid.CreateVersion7();

    private static readonly Snapshot Valid = new(
        [new(Confirmed, "confirmed", "key-1"), new(Rejected, "rejected", "key-2")],
        [new(Confirmed, "reserved"), new(Rejected, "rejected")],
        [new(Confirmed, "reserved"), new(Rejected, "rejected")],
        [new("item-1", Initial: 10, Available: 8, Reserved: 2)],
        [],
        OutboxRows: 0);

    public static TheoryData<string> Names => [.. Invariants.All];

    [Fact]
    public void Valid_state_violates_no_invariant() => Assert.Empty(Invariants.Check(Valid, Observe()));

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
        Invariants.Acknowledged => [(Valid, Observe(("key-3", Guid.CreateVersion7())))],
        Invariants.SameOrders =>
        [
            (Valid with { Reservations = Valid.Reservations.Take(1).ToList() }, Observe()),
            (Valid with { Notifications = Valid.Notifications.Take(1).ToList() }, Observe()),
            (Valid with { Orders = Valid.Orders.Take(1).ToList() }, Observe()),
        ],
        Invariants.SameOutcome =>
        [
            (Valid with { Orders = [new(Confirmed, "rejected", null), Valid.Orders[1]] }, Observe()),
            (Valid with { Notifications = [.. Valid.Notifications, new(Confirmed, "rejected")] }, Observe()),
        ],
        Invariants.Stock =>
        [
            (Valid with { Stock = [new("item-1", 10, 7, 2)] }, Observe()),
            (Valid with { Stock = [new("item-1", 10, -1, 11)] }, Observe()),
        ],
        Invariants.OutboxesEmpty => [(Valid with { OutboxRows = 1 }, Observe())],
        Invariants.NonePending => [(Valid with { Orders = [new(Confirmed, "pending", null), Valid.Orders[1]] }, Observe())],
        Invariants.OneKeyOneOrder =>
        [
            (Valid with { Orders = [new(Confirmed, "confirmed", "key-1"), new(Rejected, "rejected", "key-1")] }, Observe()),
            (Valid, Observe(("key-1", Rejected))),
            (Valid, Observe(("key-4", Confirmed), ("key-4", Rejected))),
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

    private static Observations Observe(params (string Key, Guid Order)[] acknowledged)
    {
        var ledger = new Ledger();
        foreach (var (key, order) in acknowledged)
        {
            ledger.Acknowledge(key, order);
        }

        return new Observations { Ledger = ledger };
    }
}
