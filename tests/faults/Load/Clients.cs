namespace DaprOrders.Faults.Tests.Load;

/// <summary>Runs the clients of a run.</summary>
internal sealed class Clients(Uri gateway, LoadOptions options, Ledger ledger, RandomSources randomSources) : IDisposable
{
    private readonly GatewayApi _gateway = new(gateway, options.RequestTimeout);

    /// <summary>Places orders until <paramref name="stop"/>. Then waits until each open order is acknowledged or its timeout has passed.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        var pause = TimeSpan.FromSeconds(options.Clients / options.OrdersPerSecond);
        var clients = Enumerable.Range(1, options.Clients).Select(number => Create($"client {number}")).ToList();
        return Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(pause, stop), CancellationToken.None)));
    }

    /// <summary>Places orders concurrently and returns the ids of those that were acknowledged.</summary>
    public async Task<List<Guid>> OrderAsync(int count)
    {
        var client = Create("last client");
        var orders = Enumerable.Range(0, count).Select(_ => new SentOrder(Guid.NewGuid().ToString("N"), new OrderContent("item-1", 1))).ToList();
        await Task.WhenAll(orders.Select(client.PlaceAsync));
        return orders.Where(order => ledger.Acknowledged.ContainsKey(order.Key)).Select(order => ledger.Acknowledged[order.Key]).ToList();
    }

    public void Dispose() => _gateway.Dispose();

    private Client Create(string name) => new(name, _gateway, options, ledger, randomSources.For(name));
}
