namespace DaprOrders.OrderService.Orders;

/// <summary>An order to be placed.</summary>
/// <param name="ItemId">The item.</param>
/// <param name="Quantity">How many pieces.</param>
/// <param name="Key">Its idempotency key, or null.</param>
/// <param name="TraceParent">The traceparent of the request that it came with, or null.</param>
internal sealed record NewOrder(string ItemId, int Quantity, string? Key, string? TraceParent);

/// <summary>What became of it: an order, perhaps an earlier one with the same key, or why it could not be stored.</summary>
internal readonly record struct Placement(Order? Order, bool IsNew, Exception? Failure = null);
