using System.Collections.Concurrent;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>Records the requests and responses of one client.</summary>
internal sealed class ClientHistory(string client)
{
    private readonly ConcurrentQueue<Operation> _operations = new();

    public string Client => client;

    public IReadOnlyCollection<Operation> Operations => _operations;

    public void Add(Operation operation) => _operations.Enqueue(operation);
}
