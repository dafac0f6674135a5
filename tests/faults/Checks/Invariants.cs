using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>An invariant that does not hold.</summary>
internal sealed record Violation(string Invariant, string Detail)
{
    public override string ToString() => $"{Invariant}: {Detail}";
}

/// <summary>What was observed from outside: by the clients, by the test that planted poison, and by the proxy.</summary>
internal sealed record Observations
{
    public required Ledger Ledger { get; init; }

    /// <summary>Gets the ids of the events that were made to become dead letters.</summary>
    public IReadOnlySet<string> Poison { get; init; } = new HashSet<string>();

    /// <summary>Gets how many events each consumer received again after it had handled them; null if not counted.</summary>
    public IReadOnlyDictionary<string, int>? Duplicates { get; init; }

    /// <summary>Gets the event ids of each watched key in the order in which they were written.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Written { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Gets the event ids of each watched key in the order in which they were first handed over.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Published { get; init; } = new Dictionary<string, IReadOnlyList<string>>();
}

/// <summary>What must hold of the whole system at rest, whatever happened to it before.</summary>
internal static class Invariants
{
    public const string Acknowledged = "every acknowledged order exists";
    public const string SameOrders = "orders = reservations = notifications";
    public const string SameOutcome = "order status = reservation outcome = notification outcome";
    public const string Stock = "initial - available = sum of reserved, and available >= 0";
    public const string OutboxesDrain = "the outboxes drain to 0";
    public const string NonePending = "no order stays pending";
    public const string OneKeyOneOrder = "one Idempotency-Key, one order";
    public const string OnlyPoison = "dead_letters holds only planted poison";
    public const string DuplicatesAbsorbed = "every consumer absorbed duplicates";
    public const string KeyOrder = "the events of a key leave in the order of their commits";

    public static readonly IReadOnlyList<string> All =
    [
        Acknowledged, SameOrders, SameOutcome, Stock, OutboxesDrain, NonePending, OneKeyOneOrder, OnlyPoison, DuplicatesAbsorbed, KeyOrder,
    ];

    public static readonly IReadOnlyList<string> Consumers = ["order", "inventory", "notification"];

    public static List<Violation> Check(Snapshot snapshot, Observations observations) =>
    [
        .. CheckAcknowledged(snapshot, observations.Ledger),
        .. CheckSameOrders(snapshot),
        .. CheckSameOutcome(snapshot),
        .. Report(Stock, snapshot.Stock.Where(item => item.Available < 0 || item.Initial - item.Available != item.Reserved)),
        .. snapshot.OutboxRows == 0 ? [] : (Violation[])[new(OutboxesDrain, $"{snapshot.OutboxRows} rows are left")],
        .. Report(NonePending, snapshot.Orders.Where(order => order.Status == "pending").Select(order => order.Id)),
        .. CheckKeys(snapshot, observations.Ledger),
        .. Report(OnlyPoison, snapshot.DeadLetters.Where(letter => !observations.Poison.Contains(letter.EventId))),
        .. observations.Duplicates is not { } duplicates ? [] : Report(DuplicatesAbsorbed, Consumers.Where(c => duplicates.GetValueOrDefault(c) == 0)),
        .. CheckKeyOrder(snapshot, observations),
    ];

    private static IEnumerable<Violation> CheckAcknowledged(Snapshot snapshot, Ledger ledger)
    {
        var orders = snapshot.Orders.Select(order => order.Id).ToHashSet();
        return Report(Acknowledged, ledger.Acknowledged.Values.Where(id => !orders.Contains(id)));
    }

    private static IEnumerable<Violation> CheckSameOrders(Snapshot snapshot)
    {
        var orders = snapshot.Orders.Select(order => order.Id).ToHashSet();
        var reservations = snapshot.Reservations.Select(reservation => reservation.OrderId).ToHashSet();
        var notifications = snapshot.Notifications.Select(notification => notification.OrderId).ToHashSet();
        return
        [
            .. Report(SameOrders, orders.Except(reservations), "without reservation: "),
            .. Report(SameOrders, reservations.Except(orders), "reservation without order: "),
            .. Report(SameOrders, orders.Except(notifications), "without notification: "),
            .. Report(SameOrders, notifications.Except(orders), "notification without order: "),
        ];
    }

    private static IEnumerable<Violation> CheckSameOutcome(Snapshot snapshot)
    {
        var reservations = snapshot.Reservations.ToDictionary(reservation => reservation.OrderId, reservation => reservation.Outcome);
        var notifications = snapshot.Notifications.ToLookup(notification => notification.OrderId, notification => notification.Outcome);
        return Report(SameOutcome, snapshot.Orders.Where(order => order.Status != "pending" && reservations.ContainsKey(order.Id)).Where(order =>
        {
            var outcome = reservations[order.Id];
            var notified = notifications[order.Id].ToList();
            return order.Status != (outcome == "reserved" ? "confirmed" : "rejected") || notified.Count > 1 || notified.Any(other => other != outcome);
        }));
    }

    private static IEnumerable<Violation> CheckKeys(Snapshot snapshot, Ledger ledger) =>
    [
        .. Report(OneKeyOneOrder, ledger.Errors),
        .. Report(OneKeyOneOrder, snapshot.Orders.Where(order => order.Key is not null).GroupBy(order => order.Key).Where(key => key.Count() > 1).Select(key => key.Key!)),
        .. Report(OneKeyOneOrder, snapshot.Orders.Where(order => order.Key is not null && ledger.Acknowledged.TryGetValue(order.Key, out var acknowledged) && acknowledged != order.Id)),
    ];

    /// <summary>Only of events that are committed and were seen: a commit may have failed, and the sweep uses a key of its own.</summary>
    private static IEnumerable<Violation> CheckKeyOrder(Snapshot snapshot, Observations observations)
    {
        var orders = snapshot.Orders.Select(order => order.Id.ToString()).ToHashSet();
        foreach (var (key, seen) in observations.Published)
        {
            var written = observations.Written[key].Where(orders.Contains).Where(seen.Contains).ToList();
            var published = seen.Where(written.Contains).ToList();
            var place = written.Zip(published).TakeWhile(pair => pair.First == pair.Second).Count();
            if (place < written.Count)
            {
                yield return new Violation(KeyOrder, $"{key}: {published[place]} left before {written[place]}, which was committed earlier");
            }
        }
    }

    /// <summary>One violation that counts them all and shows the first few.</summary>
    private static IEnumerable<Violation> Report<T>(string invariant, IEnumerable<T> offenders, string prefix = "")
    {
        var all = offenders.ToList();
        if (all.Count > 0)
        {
            yield return new Violation(invariant, $"{prefix}{all.Count}, such as {string.Join(", ", all.Take(3))}");
        }
    }
}
