using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>Forwards the TCP connections between the sidecars of one app and the broker, until it is cut.</summary>
internal sealed class BrokerProxy : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<TcpClient, bool> _connections = new();
    private readonly Task _accepting;
    private volatile bool _isCut;

    public BrokerProxy()
    {
        Port = FreePort.Take();
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Gets or sets the port of the broker; 0 while it is unknown.</summary>
    public int Target { get; set; }

    /// <summary>Closes all connections and refuses new ones.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var connection in _connections.Keys)
        {
            connection.Close();
        }
    }

    public void Restore() => _isCut = false;

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        Cut();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ForwardAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The proxy has been disposed.
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using var broker = new TcpClient();
        using (client)
        {
            _connections[client] = _connections[broker] = true;
            try
            {
                if (!_isCut)
                {
                    await broker.ConnectAsync(IPAddress.Loopback, Target);
                    var toBroker = client.GetStream().CopyToAsync(broker.GetStream());
                    var toClient = broker.GetStream().CopyToAsync(client.GetStream());
                    await Task.WhenAny(toBroker, toClient);
                }
            }
            catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or InvalidOperationException)
            {
                // Closing the connection tells the sidecar.
            }
            finally
            {
                _connections.TryRemove(client, out _);
                _connections.TryRemove(broker, out _);
            }
        }
    }
}
