using System.Net;
using System.Net.Sockets;

namespace DaprOrders.OrderService.Tests;

/// <summary>Passes TCP on to a port of 127.0.0.1 until it is frozen: from then on connections are taken and stay, and nothing is answered.</summary>
internal sealed class FreezableProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _frozen = new();
    private readonly int _target;

    public FreezableProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Freeze() => _frozen.Cancel();

    public void Dispose()
    {
        _listener.Dispose();
        _frozen.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync();
            if (!_frozen.IsCancellationRequested)
            {
                _ = PassOnAsync(client);
            }
        }
    }

    private async Task PassOnAsync(TcpClient client)
    {
        var server = new TcpClient();
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
