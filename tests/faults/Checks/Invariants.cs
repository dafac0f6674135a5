using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Contains what the clients, the proxy and the test observed during a run.</summary>
internal sealed record Observations
{
    public required Ledger Ledger { get; init; }

    /// <summary>Gets the ids of the poison events, which must become dead letters.</summary>
    public IReadOnlySet<string> Poison { get; init; } = new HashSet<string>();

    /// <summary>Gets the number of events that each consumer received again after it had acknowledged them; null if it is not checked.</summary>
    public IReadOnlyDictionary<string, int>? Duplicates { get; init; }

    /// <summary>Gets how long an order may wait for its reservation; null if it is not checked.</summary>
    public TimeSpan? ReservationLimit { get; init; }

    /// <summary>Gets the event ids of each watched key in the order in which they were committed.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Written { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Gets the event ids of each watched key in the order in which they were first published.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Published { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>Checks the conditions that the idle system must always meet, regardless of the faults before.</summary>
internal static class Invariants
{
    public const string Acknowledged = "every acknowledged order exists";
    public const string SameOrders = "orders = reservations = notifications";
    public const string SameContent = "order, reservation and notification have the same item and quantity";
    public const string SameOutcome = "order status = reservation outcome = notification outcome, with the same reason";
    public const string OneNotification = "each order has one notification";
    public const string StoredAsSent = "each order is stored with the item and quantity that were sent";
    public const string ReservedInTime = "each order is reserved within the time limit";
    public const string Stock = "initial - available = sum of reserved, and available >= 0";
    public const string OutboxesEmpty = "the outboxes are empty";
    public const string NonePending = "no order is pending";
    public const string OneKeyOneOrder = "each Idempotency-Key has one order";
    public const string OnlyPoison = "dead_letters contains only poison events";
    public const string DuplicatesReceived = "every consumer received duplicates";
    public const string KeyOrder = "the events of a key are published in commit order";

    public static readonly IReadOnlyList<string> All =
    [
        Acknowledged, SameOrders, SameContent, SameOutcome, OneNotification, StoredAsSent, Stock, OutboxesEmpty, NonePending, OneKeyOneOrder, OnlyPoison,
        DuplicatesReceived, KeyOrder, ReservedInTime, .. Histories.All,
    ];

    public static readonly IReadOnlyList<string> Consumers = ["order", "inventory", "notification"];

    public static List<Violation> Check(Snapshot snapshot, Observations observations) =>
    [
        .. CheckAcknowledged(snapshot, observations.Ledger),
        .. CheckSameOrders(snapshot),
        .. Contents.Check(snapshot, observations.Ledger),
        .. Violation.Report(Stock, snapshot.Stock.Where(item => item.Available < 0 || item.Initial - item.Available != item.Reserved)),
        .. snapshot.OutboxRows == 0 ? [] : (Violation[])[new(OutboxesEmpty, $"{snapshot.OutboxRows} rows")],
        .. Violation.Report(NonePending, snapshot.Orders.Where(order => order.Status == "pending").Select(order => order.Id)),
        .. CheckKeys(snapshot, observations.Ledger),
        .. Violation.Report(OnlyPoison, snapshot.DeadLetters.Where(letter => !observations.Poison.Contains(letter.EventId))),
        .. observations.Duplicates is not { } duplicates ? [] : Violation.Report(DuplicatesReceived, Consumers.Where(c => duplicates.GetValueOrDefault(c) == 0)),
        .. CheckKeyOrder(snapshot, observations),
        .. observations.ReservationLimit is not { } limit ? [] : CheckReservedInTime(snapshot, limit),
        .. Histories.Check(snapshot, observations.Ledger),
    ];

    private static IEnumerable<Violation> CheckAcknowledged(Snapshot snapshot, Ledger ledger)
    {
        var orders = snapshot.Orders.Select(order => order.Id).ToHashSet();
        return Violation.Report(Acknowledged, ledger.Acknowledged.Values.Where(id => !orders.Contains(id)));
    }

    private static IEnumerable<Violation> CheckSameOrders(Snapshot snapshot)
    {
        var orders = snapshot.Orders.Select(order => order.Id).ToHashSet();
        var reservations = snapshot.Reservations.Select(reservation => reservation.OrderId).ToHashSet();
        var notifications = snapshot.Notifications.Select(notification => notification.OrderId).ToHashSet();
        return
        [
            .. Violation.Report(SameOrders, orders.Except(reservations), "without reservation: "),
            .. Violation.Report(SameOrders, reservations.Except(orders), "reservation without order: "),
            .. Violation.Report(SameOrders, orders.Except(notifications), "without notification: "),
            .. Violation.Report(SameOrders, notifications.Except(orders), "notification without order: "),
        ];
    }

    private static IEnumerable<Violation> CheckReservedInTime(Snapshot snapshot, TimeSpan limit)
    {
        var placed = snapshot.Orders.ToDictionary(order => order.Id, order => order.CreatedAt);
        return Violation.Report(
            ReservedInTime,
            snapshot.Reservations
                .Where(reservation => placed.ContainsKey(reservation.OrderId))
                .Select(reservation => (Id: reservation.OrderId, Time: reservation.CreatedAt - placed[reservation.OrderId]))
                .Where(order => order.Time > limit)
                .Select(order => $"{order.Id} after {order.Time.TotalSeconds:F0} s"));
    }

    private static IEnumerable<Violation> CheckKeys(Snapshot snapshot, Ledger ledger) =>
    [
        .. Violation.Report(OneKeyOneOrder, ledger.Errors),
        .. Violation.Report(OneKeyOneOrder, snapshot.Orders.Where(order => order.Key is not null).GroupBy(order => order.Key).Where(key => key.Count() > 1).Select(key => key.Key!)),
        .. Violation.Report(OneKeyOneOrder, snapshot.Orders.Where(order => order.Key is not null && ledger.Acknowledged.TryGetValue(order.Key, out var acknowledged) && acknowledged != order.Id)),
    ];

    /// <summary>
    /// Compares only events that were committed and published. A failed commit has no event, and an event that the sweep republishes has another
    /// key.
    /// </summary>
    private static IEnumerable<Violation> CheckKeyOrder(Snapshot snapshot, Observations observations)
    {
        var orders = snapshot.Orders.Select(order => order.Id.ToString()).ToHashSet();
        foreach (var (key, seen) in observations.Published)
        {
            var written = observations.Written[key].Where(orders.Contains).Where(seen.Contains).ToList();
            var published = seen.Where(written.Contains).ToList();
            var index = written.Zip(published).TakeWhile(pair => pair.First == pair.Second).Count();
            if (index < written.Count)
            {
                yield return new Violation(KeyOrder, $"{key}: {published[index]} was published before {written[index]}, which was committed earlier");
            }
        }
    }
}
