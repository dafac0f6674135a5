using System.Net;
using System.Text;
using DaprOrders.Testing;

namespace DaprOrders.OrderService.Tests;

/// <summary>
/// One service for all tests of a class: only for tests whose requests are refused, so that they leave nothing behind. It runs on Kestrel, because
/// Kestrel's limits count and Kestrel decides what reaches a route.
/// </summary>
public sealed class SharedOrderService(OrderServiceFixture fixture) : IAsyncLifetime
{
    private readonly SocketsHttpHandler _anyHeaders = new() { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
    private ServiceHost<Program>? _host;
    private HttpClient? _client;

    /// <summary>Gets a client that sends header values as they are, even those that are not ASCII.</summary>
    public HttpClient Client => _client!;

    public async ValueTask InitializeAsync()
    {
        _host = await fixture.StartAsync();
        _host.UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0)); // by its port alone it would race with the start
        using (_host.CreateClient())
        {
            _client = new HttpClient(_anyHeaders) { BaseAddress = _host.ClientOptions.BaseAddress };
        }
    }

    public async Task AssertNothingWasStoredAsync()
    {
        Assert.Equal(0L, await _host!.QueryAsync<long>("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM outbox)"));
        Assert.Empty(_host.Sidecar.Server.LogEntries);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _anyHeaders.Dispose();
        if (_host is not null)
        {
            await _host.DisposeAsync();
        }
    }
}
