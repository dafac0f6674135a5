using System.Collections.Concurrent;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>Records the orders that were acknowledged to the clients.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, Guid> _acknowledged = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private int _inProgress;

    /// <summary>Gets the order id of each idempotency key with a response 201.</summary>
    public IReadOnlyDictionary<string, Guid> Acknowledged => _acknowledged;

    /// <summary>Gets the errors: two orders for one key, or a valid order that was rejected or never acknowledged.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Gets the number of orders and batches that clients are placing.</summary>
    public int InProgress => _inProgress;

    public void Begin() => Interlocked.Increment(ref _inProgress);

    public void End() => Interlocked.Decrement(ref _inProgress);

    public void Acknowledge(string key, Guid order)
    {
        var first = _acknowledged.GetOrAdd(key, order);
        if (first != order)
        {
            ReportError($"Key {key} has two orders: {first} and {order}");
        }
    }

    public void ReportError(string error) => _errors.Enqueue(error);
}
