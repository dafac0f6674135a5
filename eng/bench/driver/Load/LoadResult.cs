namespace DaprOrders.Bench.Load;

/// <summary>A request that was accepted. Times are in milliseconds since the start of the load.</summary>
/// <param name="Order">The id of the order; null if the response has none.</param>
/// <param name="Intended">When the request was due. In a closed loop, when it was sent.</param>
/// <param name="Completed">When the response was complete.</param>
internal readonly record struct AcceptedRequest(Guid? Order, double Intended, double Completed);

/// <summary>The result of a load, as seen by the clients.</summary>
/// <param name="StartedAt">When the load began.</param>
/// <param name="Duration">The time from the first request to the last response.</param>
/// <param name="OrdersInEach">The number of orders in each request.</param>
/// <param name="RefusedRequests">The number of requests that got another response than 200 or 201, or none.</param>
/// <param name="Refusal">The first of these responses; null if there is none.</param>
internal sealed record LoadResult(
    DateTimeOffset StartedAt, TimeSpan Duration, int OrdersInEach, IReadOnlyList<AcceptedRequest> AcceptedRequests, int RefusedRequests,
    string? Refusal = null)
{
    public int Accepted => AcceptedRequests.Count * OrdersInEach;

    public int Refused => RefusedRequests * OrdersInEach;
}
