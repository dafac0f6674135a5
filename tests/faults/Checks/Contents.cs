using DaprOrders.Faults.Tests.Load;

namespace DaprOrders.Faults.Tests.Checks;

/// <summary>Checks that the three databases agree about each order, and with what was sent. Orders that one of them lacks are not reported here.</summary>
internal static class Contents
{
    public static IEnumerable<Violation> Check(Snapshot snapshot, Ledger ledger)
    {
        var reservations = snapshot.Reservations.ToDictionary(reservation => reservation.OrderId);
        var notifications = snapshot.Notifications.ToLookup(notification => notification.OrderId);
        return
        [
            .. Violation.Report(Invariants.SameContent, snapshot.Orders.SelectMany(FindOtherContent)),
            .. Violation.Report(Invariants.SameOutcome, snapshot.Orders.Where(order => order.Status != "pending").SelectMany(FindOtherOutcome)),
            .. Violation.Report(
                Invariants.OneNotification, notifications.Where(ofOrder => ofOrder.Count() > 1).Select(ofOrder => $"{ofOrder.Key} has {ofOrder.Count()}")),
            .. Violation.Report(Invariants.StoredAsSent, FindNotAsSent(snapshot, ledger)),
        ];

        IEnumerable<string> FindOtherContent(OrderRow order)
        {
            if (reservations.TryGetValue(order.Id, out var reservation) && reservation.Content != order.Content)
            {
                yield return $"{order.Id} is an order of {order.Content} with a reservation of {reservation.Content}";
            }

            foreach (var notification in notifications[order.Id].Where(notification => notification.Content != order.Content))
            {
                yield return $"{order.Id} is an order of {order.Content} with a notification of {notification.Content}";
            }
        }

        IEnumerable<string> FindOtherOutcome(OrderRow order)
        {
            var expected = (Outcome: order.Status == "confirmed" ? "reserved" : "rejected", order.Reason);
            if ((order.Status == "confirmed") != (order.Reason is null))
            {
                yield return $"{order.Id} is {order.Status} with the reason '{order.Reason}'";
            }

            if (reservations.TryGetValue(order.Id, out var reservation) && (reservation.Outcome, reservation.Reason) != expected)
            {
                yield return $"{order.Id} is {order.Status} {order.Reason}, its reservation {reservation.Outcome} {reservation.Reason}";
            }

            foreach (var notification in notifications[order.Id].Where(notification => (notification.Outcome, notification.Reason) != expected))
            {
                yield return $"{order.Id} is {order.Status} {order.Reason}, its notification {notification.Outcome} {notification.Reason}";
            }
        }
    }

    /// <summary>Compares acknowledged orders by id, and all others by key, because they can be stored although the client got no response.</summary>
    private static IEnumerable<string> FindNotAsSent(Snapshot snapshot, Ledger ledger)
    {
        var orders = snapshot.Orders.ToDictionary(order => order.Id);
        var acknowledged = ledger.Acknowledged
            .Where(pair => orders.ContainsKey(pair.Value) && ledger.Sent.ContainsKey(pair.Key))
            .Select(pair => (Order: orders[pair.Value], ledger.Sent[pair.Key].Content));
        var stored = snapshot.Orders
            .Where(order => order.Key is not null && ledger.Sent.ContainsKey(order.Key))
            .Select(order => (Order: order, ledger.Sent[order.Key!].Content));
        return acknowledged.Concat(stored).Distinct()
            .Where(pair => pair.Order.Content != pair.Content)
            .Select(pair => $"{pair.Order.Id} was sent as {pair.Content} and stored as {pair.Order.Content}");
    }
}
