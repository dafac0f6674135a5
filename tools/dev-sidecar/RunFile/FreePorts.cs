using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DevSidecar.RunFile;

/// <summary>
/// Finds free loopback ports; all are held until it is disposed, so that no two are the same. They lie below those that the kernel gives
/// to outgoing connections: one of those may be somebody's connection by the time a sidecar or an app wants it.
/// </summary>
internal sealed class FreePorts : IDisposable
{
    private const int First = 15_000;
    private const int AfterLast = 32_000;

    private readonly Dictionary<int, Socket> _held = [];

    public int Next()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, AfterLast);
            if (!_held.ContainsKey(port) && Hold(port) is { } socket)
            {
                _held[port] = socket;
                return port;
            }
        }
    }

    public void Dispose()
    {
        foreach (var socket in _held.Values)
        {
            socket.Dispose();
        }
    }

    private static Socket? Hold(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return socket;
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            return null;
        }
    }
}
