using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Tests that each check detects a history that violates it, and accepts histories that look similar.</summary>
public sealed class HistoriesTests
{
    private const string Key = "key-1";

    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddMilliseconds(1_000_000);
    private static readonly OrderContent Content = new("item-9", 1);
    private static readonly SeenOrder Pending = new(Guid.CreateVersion7(Now), Content, "pending", null, Now);
    private static readonly SeenOrder Confirmed = Pending with { Status = "confirmed" };
    private static readonly SeenOrder Rejected = Pending with { Status = "rejected", Reason = "out_of_stock" };
    private static readonly SeenOrder Older = Confirmed with { Id = Guid.CreateVersion7(Now.AddSeconds(-1)), CreatedAt = Now.AddSeconds(-1) };
    private static readonly SeenOrder Newer = Confirmed with { Id = Guid.CreateVersion7(Now.AddSeconds(1)), CreatedAt = Now.AddSeconds(1) };

    private static readonly Placement Placed = new(1, 2, Key, 201, Pending.Id, Pending);
    private static readonly Placement PlacedInBatch = new(1, 2, Key, 201, Pending.Id);

    /// <summary>Gets the histories that violate no check.</summary>
    private static readonly Dictionary<string, Operation[]> Valid = new()
    {
        ["status goes forward"] = [Placed, Read(3, 4, Pending), Read(5, 6, Confirmed), Read(7, 8, Confirmed)],
        ["concurrent reads see different states"] = [Placed, Read(3, 6, Confirmed), Read(5, 8, Pending)],
        ["order is not found before it is placed"] = [Read(1, 3, null, 404), Placed with { Began = 2, Ended = 4 }],
        ["failed requests tell nothing"] = [Placed with { Status = 503, OrderId = null, Order = null }, Read(3, 4, null, 0), Placed with { Began = 5, Ended = 6 }],
        ["replay shows the current status"] = [Placed, Replay(3, 4, Confirmed)],
        ["concurrent requests with one key"] = [Placed with { Ended = 5 }, Placed with { Began = 2, Ended = 6, IsReplayed = true }],
        ["replay of a batch after the order is settled"] = [PlacedInBatch, Read(3, 4, Confirmed), PlacedInBatch with { Began = 5, Ended = 6, IsReplayed = true }],
        ["wait ends while the order is pending"] = [Placed, Read(3, 4, Pending), Wait(5, 6, Pending)],
        ["list contains the order"] = [Placed, List(isComplete: true, [Newer], [Confirmed, Older])],
        ["order is older than the pages that were read"] = [Placed, List(isComplete: false, [Newer])],
        ["order was placed while the pages were read"] = [List(isComplete: true, [Older]), Placed with { Began = 11, Ended = 16 }],
    };

    /// <summary>Gets the histories that violate each check.</summary>
    private static readonly Dictionary<string, Operation[][]> Violating = new()
    {
        [Histories.StatusOrder] =
        [
            [Placed, Read(3, 4, Confirmed), Read(5, 6, Pending)],
            [Placed, Read(3, 4, Confirmed), Read(5, 6, Rejected)],
            [Placed, Read(3, 4, null, 404)],
            [PlacedInBatch, Read(3, 4, null, 404)],
            [Placed, List(isComplete: true, [Confirmed]), Read(17, 18, Pending)],
            [Placed, Replay(3, 4, Confirmed), Replay(5, 6, Pending)],
        ],
        [Histories.WaitOrder] =
        [
            [Placed, Read(3, 4, Confirmed), Wait(5, 6, Pending)],
            [Placed, Wait(3, 4, Confirmed), Wait(5, 6, Rejected)],
        ],
        [Histories.SameReplay] =
        [
            [Placed, Replay(3, 4, Older)],
            [Placed with { Order = Pending with { Content = new OrderContent("item-7", 1) } }],
            [Placed, Replay(3, 4, Pending with { Content = new OrderContent("item-9", 3) })],
            [Placed, Placed with { Began = 3, Ended = 4 }],
        ],
        [Histories.SeenIsStored] =
        [
            [Placed with { OrderId = Missing.Id, Order = Missing }],
            [Placed, Read(3, 4, Pending with { Content = new OrderContent("item-7", 3) })],
            [Placed, Read(3, 4, Rejected)],
            [List(isComplete: true, [Missing])],
        ],
        [Histories.CompleteLists] =
        [
            [Placed, List(isComplete: true, [Newer], [Older])],
            [Placed, List(isComplete: false, [Newer], [Older])],
            [PlacedInBatch, List(isComplete: true, [Older])],
            [Placed, List(isComplete: true, [[]])],
            [List(isComplete: true, [Newer, Older], [Older])],
        ],
    };

    private static SeenOrder Missing => Confirmed with { Id = new Guid("00000000-0000-7000-8000-000000000001") };

    public static TheoryData<string> ValidNames => [.. Valid.Keys];

    public static TheoryData<string> Checks => [.. Histories.All];

    [Theory]
    [MemberData(nameof(ValidNames))]
    public void Valid_history_violates_no_check(string name) => Assert.Empty(Check(Valid[name]));

    [Theory]
    [MemberData(nameof(Checks))]
    public void Each_check_detects_its_violation(string check) =>
        Assert.All(Violating[check], history => Assert.Contains(check, Check(history).Select(violation => violation.Invariant)));

    [Fact]
    public void Histories_of_different_clients_are_not_compared()
    {
        var ledger = new Ledger();
        ledger.StartHistory("one").Add(Read(1, 2, Confirmed));
        ledger.StartHistory("two").Add(Read(3, 4, Pending));

        Assert.Empty(Histories.Check(Stored(), ledger));
    }

    private static OrderRead Read(long began, long ended, SeenOrder? order, int status = 200) => new(began, ended, Pending.Id, status, order);

    private static OrderRead Wait(long began, long ended, SeenOrder order) => Read(began, ended, order) with { IsWait = true };

    private static Placement Replay(long began, long ended, SeenOrder order) =>
        Placed with { Began = began, Ended = ended, OrderId = order.Id, Order = order, IsReplayed = true };

    /// <summary>Returns a list that was read from 10 to 15.</summary>
    private static ListRead List(bool isComplete, params SeenOrder[][] pages) =>
        new([.. pages.Select((orders, i) => new ListPage(10 + (2 * i), 11 + (2 * i), orders))], isComplete);

    private static IEnumerable<Violation> Check(IEnumerable<Operation> operations)
    {
        var ledger = new Ledger();
        ledger.Send(new SentOrder(Key, Content));
        var history = ledger.StartHistory("client");
        foreach (var operation in operations)
        {
            history.Add(operation);
        }

        return Histories.Check(Stored(), ledger);
    }

    private static Snapshot Stored() => new(
        [.. new[] { Confirmed, Older, Newer }.Select(order => new OrderRow(order.Id, order.Content, order.Status, order.Reason, null, order.CreatedAt))],
        [], [], [], [], OutboxRows: 0);
}
