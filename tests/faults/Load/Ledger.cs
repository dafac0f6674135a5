using System.Collections.Concurrent;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>Records what the clients sent, which orders were acknowledged, and every response.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<string, SentOrder> _sent = new();
    private readonly ConcurrentDictionary<string, Guid> _acknowledged = new();
    private readonly ConcurrentQueue<ClientHistory> _histories = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private int _inProgress;

    /// <summary>Gets the orders that were sent, by idempotency key.</summary>
    public IReadOnlyDictionary<string, SentOrder> Sent => _sent;

    /// <summary>Gets the order id of each idempotency key with a response 201.</summary>
    public IReadOnlyDictionary<string, Guid> Acknowledged => _acknowledged;

    /// <summary>Gets the history of each client.</summary>
    public IReadOnlyCollection<ClientHistory> Histories => _histories;

    /// <summary>Gets the errors: two orders for one key, or a valid order that was rejected or never acknowledged.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Gets the number of orders and batches that clients are placing.</summary>
    public int InProgress => _inProgress;

    public void Begin() => Interlocked.Increment(ref _inProgress);

    public void End() => Interlocked.Decrement(ref _inProgress);

    public ClientHistory StartHistory(string client)
    {
        var history = new ClientHistory(client);
        _histories.Enqueue(history);
        return history;
    }

    /// <summary>Records an order before it is sent, because it can be stored even if there is no response.</summary>
    public void Send(SentOrder order) => _sent.TryAdd(order.Key, order);

    /// <summary>Returns the number of orders and lists that were read, without failed requests.</summary>
    public (int Orders, int Lists) CountReads()
    {
        var operations = _histories.SelectMany(history => history.Operations).ToList();
        return (operations.OfType<OrderRead>().Count(read => read.Order is not null), operations.OfType<ListRead>().Count());
    }

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
