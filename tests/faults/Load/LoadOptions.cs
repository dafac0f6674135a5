namespace DaprOrders.Faults.Tests.Load;

/// <summary>How much is ordered.</summary>
/// <param name="Clients">Clients that order one after the other.</param>
/// <param name="OrdersPerSecond">What they order together, at most.</param>
/// <param name="Items">So many items of <c>item-1</c> and so on are ordered; few make a contest for each.</param>
internal sealed record LoadOptions(int Clients, double OrdersPerSecond, int Items = 40)
{
    /// <summary>More than the eight seconds after which the gateway gives up.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Gets an item of which there is not enough.</summary>
    public const string ScarceItem = "item-scarce";

    /// <summary>Gets an item that inventory does not know.</summary>
    public const string UnknownItem = "item-unknown";
}
