namespace DaprOrders.Faults.Tests.Load;

/// <summary>Describes the load.</summary>
/// <param name="Clients">The number of clients; each places one order after the other.</param>
/// <param name="OrdersPerSecond">The limit for all clients together.</param>
/// <param name="Items">The number of items that are ordered, from <c>item-1</c>; few items make them contended.</param>
internal sealed record LoadOptions(int Clients, double OrdersPerSecond, int Items = 40)
{
    /// <summary>Gets the timeout of a request: more than the eight seconds after which the gateway gives up.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Gets how long a client retries an order; an order that is not acknowledged by then is a violation.</summary>
    public TimeSpan OrderTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>An item that runs out of stock.</summary>
    public const string ScarceItem = "item-scarce";

    /// <summary>An item that inventory does not know.</summary>
    public const string UnknownItem = "item-unknown";
}
