using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DevSidecar.RunFile;

/// <summary>Finds free loopback ports; all are held until it is disposed, so that no two are the same.</summary>
internal sealed class FreePorts : IDisposable
{
    private readonly List<Socket> _held = [];

    public int Next()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _held.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    public void Dispose() => _held.ForEach(socket => socket.Dispose());
}
