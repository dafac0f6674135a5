using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.RunFile;

/// <summary>
/// Chooses free loopback ports and returns each port only once. The ports are below the range that the kernel uses for outgoing connections.
/// Otherwise a connection could take a port before the sidecar listens on it.
/// </summary>
internal sealed class FreePorts
{
    private const int First = 10_000;
    private const int AfterLast = 15_000;

    private readonly HashSet<int> _taken = [];

    public void Exclude(int port) => _taken.Add(port);

    /// <exception cref="RunFileException">All ports of the range are in use.</exception>
    public int Next()
    {
        var start = Random.Shared.Next(AfterLast - First);
        for (var step = 0; step < AfterLast - First; step++)
        {
            var port = First + ((start + step) % (AfterLast - First));
            if (_taken.Add(port) && IsFree(port))
            {
                return port;
            }
        }

        throw new RunFileException($"all ports from {First} to {AfterLast - 1} are in use");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}
