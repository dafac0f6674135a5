namespace DaprOrders.Faults.Tests.Load;

/// <summary>The item and the quantity of an order.</summary>
internal sealed record OrderContent(string ItemId, int Quantity)
{
    public override string ToString() => $"{Quantity} of {ItemId}";
}

/// <summary>An order as it was sent.</summary>
/// <param name="Key">The idempotency key.</param>
/// <param name="Content">What was ordered.</param>
/// <param name="Batch">The key of the first order of the batch; null if the order was sent alone.</param>
internal sealed record SentOrder(string Key, OrderContent Content, string? Batch = null);

/// <summary>An order as a response showed it.</summary>
internal sealed record SeenOrder(Guid Id, OrderContent Content, string Status, string? Reason, DateTimeOffset CreatedAt);

/// <summary>
/// A request of a client, with its response. The times are timestamps of the monotonic clock. A request that began before another ended is
/// concurrent with it, so the two have no order.
/// </summary>
internal abstract record Operation(long Began, long Ended);

/// <summary>A request that places an order. A batch has one placement for each of its orders.</summary>
/// <param name="Began">When the request was sent.</param>
/// <param name="Ended">When the response was complete.</param>
/// <param name="Key">The idempotency key.</param>
/// <param name="Status">The HTTP status of the order; 0 if there was no response.</param>
/// <param name="OrderId">The order; null unless the status is 201.</param>
/// <param name="Order">The order in the response; null unless the status is 201, and for batches, whose results contain only the id.</param>
/// <param name="IsReplayed">Whether the response says that an earlier request had placed the order.</param>
internal sealed record Placement(
    long Began, long Ended, string Key, int Status, Guid? OrderId = null, SeenOrder? Order = null, bool IsReplayed = false) : Operation(Began, Ended);

/// <summary>A request that reads an order.</summary>
/// <param name="Began">When the request was sent.</param>
/// <param name="Ended">When the response was complete.</param>
/// <param name="OrderId">The order.</param>
/// <param name="Status">The HTTP status; 0 if there was no response.</param>
/// <param name="Order">The order in the response; null unless the status is 200.</param>
/// <param name="IsWait">Whether the request waited for the order to be settled.</param>
internal sealed record OrderRead(long Began, long Ended, Guid OrderId, int Status, SeenOrder? Order, bool IsWait = false) : Operation(Began, Ended);

/// <summary>A page of a list.</summary>
internal sealed record ListPage(long Began, long Ended, IReadOnlyList<SeenOrder> Orders);

/// <summary>The first pages of the list of orders, newest first.</summary>
/// <param name="Pages">The pages, at least one.</param>
/// <param name="IsComplete">Whether the last page is the end of the list.</param>
internal sealed record ListRead(IReadOnlyList<ListPage> Pages, bool IsComplete) : Operation(Pages[0].Began, Pages[^1].Ended);
