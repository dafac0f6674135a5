using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests;

/// <summary>One service for all tests of a class. Use it only for tests whose requests are all refused.</summary>
public sealed class SharedOrderService(OrderServiceFixture fixture) : SharedService<Program>(fixture), IAsyncLifetime
{
    public async Task AssertNothingWasStoredAsync()
    {
        Assert.Equal(0L, await Host.QueryAsync<long>("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM outbox)"));
        Assert.Empty(Host.Sidecar.Server.LogEntries);
    }
}
