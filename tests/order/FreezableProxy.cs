using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.OrderService.Tests;

/// <summary>Forwards TCP connections to a port of 127.0.0.1. A frozen connection stays open, but nothing is sent on it.</summary>
internal sealed class FreezableProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _frozen = new();
    private CancellationTokenSource _current = new();
    private readonly ConcurrentBag<TcpClient> _connections = [];
    private readonly int _target;

    public FreezableProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Freezes all connections, and those that are opened later.</summary>
    public void Freeze()
    {
        _frozen.Cancel();
        FreezeConnections();
    }

    /// <summary>Freezes the connections that are open, as if their host had vanished.</summary>
    public void FreezeConnections()
    {
        _current.Cancel();
        _current.Dispose();
        _current = new CancellationTokenSource();
    }

    /// <summary>Stops listening and closes all connections.</summary>
    public void Dispose()
    {
        _listener.Dispose();
        _frozen.Dispose();
        _current.Dispose();
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
                _ = ForwardAsync(client, _current.Token);
            }
        }
    }

    private async Task ForwardAsync(TcpClient client, CancellationToken frozen)
    {
        var server = new TcpClient();
        _connections.Add(server);
        await server.ConnectAsync(IPAddress.Loopback, _target);
        var copies = new[] { CopyAsync(client, server, frozen), CopyAsync(server, client, frozen) };
        await Task.WhenAny(copies);
        if (!frozen.IsCancellationRequested)
        {
            client.Dispose();
            server.Dispose();
        }
    }

    private static Task CopyAsync(TcpClient from, TcpClient to, CancellationToken frozen) => from.GetStream().CopyToAsync(to.GetStream(), frozen);
}
