using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.OrderService.Tests;

/// <summary>Forwards TCP connections to a port of 127.0.0.1 until it is frozen. Then it accepts and keeps connections, but sends nothing.</summary>
internal sealed class FreezableProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _frozen = new();
    private readonly ConcurrentBag<TcpClient> _connections = [];
    private readonly int _target;

    public FreezableProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Freeze() => _frozen.Cancel();

    /// <summary>Stops listening and closes all connections.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        _frozen.Dispose();
        while (_connections.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync();
            _connections.Add(client);
            if (!_frozen.IsCancellationRequested)
            {
                _ = ForwardAsync(client);
            }
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        var server = new TcpClient();
        _connections.Add(server);
        await server.ConnectAsync(IPAddress.Loopback, _target);
        var copies = new[] { CopyAsync(client, server), CopyAsync(server, client) };
        await Task.WhenAny(copies);
        if (!_frozen.IsCancellationRequested)
        {
            client.Dispose();
            server.Dispose();
        }
    }

    private Task CopyAsync(TcpClient from, TcpClient to) => from.GetStream().CopyToAsync(to.GetStream(), _frozen.Token);
}
