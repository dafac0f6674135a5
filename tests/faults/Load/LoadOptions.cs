namespace DaprOrders.Faults.Tests.Load;

/// <summary>Describes the load.</summary>
/// <param name="Clients">The number of clients. Each places one order at a time.</param>
/// <param name="OrdersPerSecond">The limit for all clients together.</param>
/// <param name="Items">The number of different items, starting with <c>item-1</c>. With few items, orders compete for the same stock.</param>
internal sealed record LoadOptions(int Clients, double OrdersPerSecond, int Items = 40)
{
    /// <summary>Gets the timeout of a request. It is longer than the eight seconds of the gateway.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>Gets how long a client retries an order. An order without an acknowledgment is then a violation.</summary>
    public TimeSpan OrderTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>An item that runs out of stock.</summary>
    public const string ScarceItem = "item-scarce";

    /// <summary>An item that inventory does not know.</summary>
    public const string UnknownItem = "item-unknown";
}
