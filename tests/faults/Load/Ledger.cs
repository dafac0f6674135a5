using System.Collections.Concurrent;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>What the clients were told.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, Guid> _acknowledged = new();
    private readonly ConcurrentQueue<string> _contradictions = new();
    private int _inProgress;

    /// <summary>Gets the order of each idempotency key that was answered 201.</summary>
    public IReadOnlyDictionary<string, Guid> Acknowledged => _acknowledged;

    /// <summary>Gets what a client was told that cannot be: two orders for one key, a refusal of a good order.</summary>
    public IReadOnlyCollection<string> Contradictions => _contradictions;

    /// <summary>Gets how many requests are on their way.</summary>
    public int InProgress => _inProgress;

    public void Begin() => Interlocked.Increment(ref _inProgress);

    public void End() => Interlocked.Decrement(ref _inProgress);

    public void Acknowledge(string key, Guid order)
    {
        var first = _acknowledged.GetOrAdd(key, order);
        if (first != order)
        {
            Contradict($"key {key} was answered with order {first} and with order {order}");
        }
    }

    public void Contradict(string what) => _contradictions.Enqueue(what);
}
