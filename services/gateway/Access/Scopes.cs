namespace DaprOrders.Gateway.Access;

/// <summary>The scopes of a client's token. Each is also the name of the policy that requires it.</summary>
internal static class Scopes
{
    /// <summary>Read the client's own orders and notifications, and the stock.</summary>
    public const string OrdersRead = "orders.read";

    /// <summary>Place orders.</summary>
    public const string OrdersWrite = "orders.write";

    /// <summary>List, redrive and delete the dead letters of the services.</summary>
    public const string Operate = "operate";

    public static readonly IReadOnlyList<string> All = [OrdersRead, OrdersWrite, Operate];
}
