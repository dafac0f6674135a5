using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Shows for each invariant a state that violates it.</summary>
public sealed class InvariantsTests
{
    private static readonly Guid Confirmed = Guid.CreateVersion7();
    private static readonly Guid Rejected = Guid.CreateVersion7();

    private static readonly Snapshot Sound = new(
        [new(Confirmed, "confirmed", "key-1"), new(Rejected, "rejected", "key-2")],
        [new(Confirmed, "reserved"), new(Rejected, "rejected")],
        [new(Confirmed, "reserved"), new(Rejected, "rejected")],
        [new("item-1", Initial: 10, Available: 8, Reserved: 2)],
        [],
        OutboxRows: 0);

    public static TheoryData<string> Names => [.. Invariants.All];

    [Fact]
    public void Sound_state_violates_no_invariant() => Assert.Empty(Invariants.Check(Sound, Told()));

    [Theory]
    [MemberData(nameof(Names))]
    public void Each_invariant_detects_its_violation(string invariant)
    {
        foreach (var (snapshot, witness) in Broken(invariant))
        {
            Assert.Contains(invariant, Invariants.Check(snapshot, witness).Select(violation => violation.Invariant));
        }
    }

    private static IEnumerable<(Snapshot Snapshot, Witness Witness)> Broken(string invariant) => invariant switch
    {
        Invariants.Acknowledged => [(Sound, Told(("key-3", Guid.CreateVersion7())))],
        Invariants.SameOrders =>
        [
            (Sound with { Reservations = Sound.Reservations.Take(1).ToList() }, Told()),
            (Sound with { Notifications = Sound.Notifications.Take(1).ToList() }, Told()),
            (Sound with { Orders = Sound.Orders.Take(1).ToList() }, Told()),
        ],
        Invariants.SameOutcome =>
        [
            (Sound with { Orders = [new(Confirmed, "rejected", null), Sound.Orders[1]] }, Told()),
            (Sound with { Notifications = [.. Sound.Notifications, new(Confirmed, "rejected")] }, Told()),
        ],
        Invariants.Stock =>
        [
            (Sound with { Stock = [new("item-1", 10, 7, 2)] }, Told()),
            (Sound with { Stock = [new("item-1", 10, -1, 11)] }, Told()),
        ],
        Invariants.OutboxesDrain => [(Sound with { OutboxRows = 1 }, Told())],
        Invariants.NonePending => [(Sound with { Orders = [new(Confirmed, "pending", null), Sound.Orders[1]] }, Told())],
        Invariants.OneKeyOneOrder =>
        [
            (Sound with { Orders = [new(Confirmed, "confirmed", "key-1"), new(Rejected, "rejected", "key-1")] }, Told()),
            (Sound, Told(("key-1", Rejected))),
            (Sound, Told(("key-4", Confirmed), ("key-4", Rejected))),
        ],
        Invariants.OnlyPoison => [(Sound with { DeadLetters = [new("orders_db", "in", "not-planted", "why")] }, Told())],
        Invariants.DuplicatesAbsorbed => [(Sound, Told() with { Duplicates = new Dictionary<string, int> { ["order"] = 1, ["inventory"] = 1 } })],
        Invariants.KeyOrder =>
        [
            (Sound, Told() with { Written = Sequence(Confirmed, Rejected), HandedOver = Sequence(Rejected, Confirmed) }),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(invariant), invariant, "Add a state that violates it."),
    };

    private static Dictionary<string, IReadOnlyList<string>> Sequence(params Guid[] ids) =>
        new() { ["sequence"] = ids.Select(id => id.ToString()).ToList() };

    private static Witness Told(params (string Key, Guid Order)[] acknowledged)
    {
        var ledger = new Ledger();
        foreach (var (key, order) in acknowledged)
        {
            ledger.Acknowledge(key, order);
        }

        return new Witness { Ledger = ledger };
    }
}
