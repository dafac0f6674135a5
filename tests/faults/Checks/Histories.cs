using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>
/// Checks the history of each client: what a client saw must fit to what it saw before. Only operations that ended before another began have an
/// order. Clients that are compared with each other would have no common order.
/// </summary>
internal static class Histories
{
    public const string StatusOrder = "a client never sees the status of an order go back";
    public const string WaitOrder = "?wait never returns an older state than an earlier read";
    public const string SameReplay = "a replayed response shows the same order with the content that was sent";
    public const string SeenIsStored = "an order that a client saw is stored as the client saw it";
    public const string CompleteLists = "a list contains each order that existed before its first page, once";

    private const string Missing = "missing";

    /// <summary>The status in the result of a batch, which contains only the id.</summary>
    private const string Unknown = "stored";

    public static readonly IReadOnlyList<string> All = [StatusOrder, WaitOrder, SameReplay, SeenIsStored, CompleteLists];

    public static IEnumerable<Violation> Check(Snapshot snapshot, Ledger ledger)
    {
        var orders = snapshot.Orders.ToDictionary(order => order.Id);
        var older = ledger.Histories.SelectMany(FindOlderStates).ToList();
        return
        [
            .. Violation.Report(StatusOrder, older.Where(pair => !pair.Later.IsWait).Select(Describe)),
            .. Violation.Report(WaitOrder, older.Where(pair => pair.Later.IsWait).Select(Describe)),
            .. Violation.Report(SameReplay, ledger.Histories.SelectMany(history => FindWrongReplays(history, ledger))),
            .. Violation.Report(SeenIsStored, ledger.Histories.SelectMany(history => FindNotStored(history, orders))),
            .. Violation.Report(CompleteLists, ledger.Histories.SelectMany(FindWrongLists)),
        ];
    }

    private static string Describe((string Client, Sighting Earlier, Sighting Later) pair) =>
        $"{pair.Client} saw {pair.Later.OrderId} as {pair.Earlier.Status} and later as {pair.Later.Status}";

    private static IEnumerable<(string Client, Sighting Earlier, Sighting Later)> FindOlderStates(ClientHistory history) =>
        Sightings(history).GroupBy(sighting => sighting.OrderId).SelectMany(FindOlderStates).Select(pair => (history.Client, pair.Earlier, pair.Later));

    /// <summary>Returns the sightings that show an older state of an order, or another final one, than a sighting that ended before they began.</summary>
    private static IEnumerable<(Sighting Earlier, Sighting Later)> FindOlderStates(IEnumerable<Sighting> ofOneOrder)
    {
        var byBegin = ofOneOrder.OrderBy(sighting => sighting.Began).ToList();
        var byEnd = new Queue<Sighting>(byBegin.OrderBy(sighting => sighting.Ended));
        Sighting? newest = null;
        foreach (var later in byBegin)
        {
            while (byEnd.TryPeek(out var earlier) && earlier.Ended < later.Began)
            {
                newest = newest is null || Progress(earlier.Status) > Progress(newest.Status) ? earlier : newest;
                byEnd.Dequeue();
            }

            var isOlder = newest is not null && later.Status != Unknown
                && (Progress(later.Status) < Progress(newest.Status) || (Progress(newest.Status) == 2 && later.Status != newest.Status));
            if (isOlder)
            {
                yield return (newest!, later);
            }
        }
    }

    private static int Progress(string status) => status switch
    {
        Missing => 0,
        "pending" or Unknown => 1,
        _ => 2,
    };

    private static IEnumerable<string> FindWrongReplays(ClientHistory history, Ledger ledger)
    {
        foreach (var key in history.Operations.OfType<Placement>().Where(placement => placement.OrderId is not null).GroupBy(placement => placement.Key))
        {
            var sent = ledger.Sent[key.Key].Content;
            var first = key.MinBy(placement => placement.Ended)!;
            foreach (var placement in key)
            {
                if (placement.OrderId != first.OrderId)
                {
                    yield return $"{key.Key} returned {first.OrderId} and later {placement.OrderId}";
                }
                else if (placement.Order is { } order && order.Content != sent)
                {
                    yield return $"{order.Id} was sent as {sent} and returned as {order.Content}";
                }
                else if (placement.Began > first.Ended && !placement.IsReplayed)
                {
                    yield return $"{placement.OrderId} was returned again and not as a replay";
                }
            }
        }
    }

    private static IEnumerable<string> FindNotStored(ClientHistory history, Dictionary<Guid, OrderRow> orders)
    {
        foreach (var seen in Sightings(history).Select(sighting => sighting.Order).OfType<SeenOrder>().Distinct())
        {
            if (!orders.TryGetValue(seen.Id, out var stored))
            {
                yield return $"{seen.Id} is not stored";
            }
            else if (stored.Content != seen.Content)
            {
                yield return $"{seen.Id} was seen as {seen.Content} and stored as {stored.Content}";
            }
            else if (seen.Status != "pending" && (seen.Status, seen.Reason) != (stored.Status, stored.Reason))
            {
                yield return $"{seen.Id} was seen as {seen.Status} {seen.Reason} and stored as {stored.Status} {stored.Reason}";
            }
        }
    }

    /// <summary>
    /// Compares each list with the orders that the client knew before it requested the first page. A list that was not read to its end contains
    /// only the orders that are newer than its last one.
    /// </summary>
    private static IEnumerable<string> FindWrongLists(ClientHistory history)
    {
        var known = Known(history).ToList();
        foreach (var list in history.Operations.OfType<ListRead>())
        {
            var listed = list.Pages.SelectMany(page => page.Orders).ToList();
            var ids = listed.Select(order => order.Id).ToHashSet();
            var oldest = list.IsComplete || listed.Count == 0 ? Guid.Empty : listed[^1].Id;
            foreach (var order in known.Where(order => order.Ended < list.Began && order.Id > oldest && !ids.Contains(order.Id)).DistinctBy(order => order.Id))
            {
                yield return $"{history.Client} knew {order.Id} before it read a list without it";
            }

            if (ids.Count < listed.Count)
            {
                yield return $"{history.Client} read a list of {listed.Count} orders, {listed.Count - ids.Count} of them twice";
            }
        }
    }

    /// <summary>Returns the orders that the client knew.</summary>
    private static IEnumerable<(Guid Id, long Ended)> Known(ClientHistory history) =>
    [
        .. Sightings(history).Where(sighting => sighting.Order is not null).Select(sighting => (sighting.OrderId, sighting.Ended)),
        .. history.Operations.OfType<Placement>().Where(placement => placement.OrderId is not null)
            .Select(placement => (placement.OrderId!.Value, placement.Ended)),
    ];

    private static IEnumerable<Sighting> Sightings(ClientHistory history) => history.Operations.SelectMany(operation => operation switch
    {
        Placement { OrderId: { } id } placed => [new Sighting(placed.Began, placed.Ended, id, placed.Order?.Status ?? Unknown, placed.Order)],
        OrderRead { Status: 200 or 404 } read => [new(read.Began, read.Ended, read.OrderId, read.Order?.Status ?? Missing, read.Order, read.IsWait)],
        ListRead list => list.Pages.SelectMany(page => page.Orders.Select(order => new Sighting(page.Began, page.Ended, order.Id, order.Status, order))),
        _ => (IEnumerable<Sighting>)[],
    });

    /// <summary>What a response tells about an order.</summary>
    private sealed record Sighting(long Began, long Ended, Guid OrderId, string Status, SeenOrder? Order, bool IsWait = false);
}
