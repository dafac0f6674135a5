using System.Collections.Concurrent;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>Records what the clients were acknowledged.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, Guid> _acknowledged = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private int _inProgress;

    /// <summary>Gets the order of each idempotency key that was answered 201.</summary>
    public IReadOnlyDictionary<string, Guid> Acknowledged => _acknowledged;

    /// <summary>Gets the responses that must not occur: two orders for one key, a valid order that was refused or never acknowledged.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Gets how many requests are in flight.</summary>
    public int InProgress => _inProgress;

    public void Begin() => Interlocked.Increment(ref _inProgress);

    public void End() => Interlocked.Decrement(ref _inProgress);

    public void Acknowledge(string key, Guid order)
    {
        var first = _acknowledged.GetOrAdd(key, order);
        if (first != order)
        {
            ReportError($"key {key} was answered with order {first} and with order {order}");
        }
    }

    public void ReportError(string what) => _errors.Enqueue(what);
}
