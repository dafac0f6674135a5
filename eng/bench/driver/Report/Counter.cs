namespace DaprOrders.Bench.Report;

/// <summary>The names of counters in the results.</summary>
internal static class Counter
{
    public const string WalBytes = "walBytes";
    public const string PageImages = "walPageImages";
    public const string Transactions = "transactions";

    /// <summary>The start of the names of bytes on disk, which end with the database and the table or index.</summary>
    public const string Disk = "diskBytes ";

    /// <summary>Orders per transaction that places orders. With coalescing in the gateway, it has the orders of one call.</summary>
    public const string OrdersPerGroup = "ordersPerGroup";

    /// <summary>Events per transaction that reserves stock.</summary>
    public const string EventsPerReservation = "eventsPerReservation";

    /// <summary>Orders per transaction that settles orders.</summary>
    public const string OrdersPerSettlement = "ordersPerSettlement";

    /// <summary>Events per transaction that adds notifications.</summary>
    public const string EventsPerNotification = "eventsPerNotification";
}
