using DaprOrders.Bench.Load;

namespace DaprOrders.Bench.Systems;

/// <summary>The number of orders of one measurement that have reached each state.</summary>
internal sealed record Counts(int Orders, int Settled, int Rejected, int Notified)
{
    /// <summary>Returns why the measurement is invalid: an order was lost, or over 1 % were refused or rejected. Returns null if it is valid.</summary>
    public string? FindProblem(int accepted, int refused)
    {
        if (Math.Min(Orders, Math.Min(Settled, Notified)) < accepted)
        {
            return $"orders were lost: {accepted} were accepted, but these were counted: {this}.";
        }

        return refused + Rejected > accepted / 100
            ? $"over 1 % of {accepted} orders failed: {refused} were refused, {Rejected} rejected."
            : null;
    }
}

/// <summary>When each order was settled and notified, by order id.</summary>
internal sealed record OrderTimes(IReadOnlyDictionary<Guid, DateTimeOffset> Settled, IReadOnlyDictionary<Guid, DateTimeOffset> Notified);

/// <summary>Counts the orders that were placed after this counter was created.</summary>
internal interface IOrderCounter
{
    /// <summary>Counts the orders in all states. The queries load the database, so it is not called during a measurement.</summary>
    Task<Counts> CountAsync();

    /// <summary>Counts the accepted orders that are not yet settled and notified.</summary>
    Task<int> CountUnfinishedAsync(int accepted);

    /// <summary>Returns whether all accepted orders are settled and notified, with inexpensive queries.</summary>
    Task<bool> IsDoneAsync(int accepted);

    /// <summary>Returns when the accepted orders were settled and notified, with the requests by the same ids.</summary>
    Task<(OrderTimes Times, IReadOnlyList<AcceptedRequest> Requests)> ReadTimesAsync(IReadOnlyList<AcceptedRequest> requests);

    /// <summary>Returns how many orders a transaction of each kind contained; empty if the system has no transactions.</summary>
    Task<IReadOnlyDictionary<string, double>> ReadBatchesAsync();
}
