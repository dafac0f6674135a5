using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.TestSupport;

/// <summary>
/// Ports of 127.0.0.1 on which nothing listens. They lie below those that the kernel gives to outgoing connections: a port that was asked of
/// the kernel may belong to somebody's connection by the time a server wants it. And above those that the development sidecar chooses.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int AfterLast = 32_000;

    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    /// <summary>Takes a port that no other test of this process gets.</summary>
    public static int Take()
    {
        while (true)
        {
            var port = Random.Shared.Next(First, AfterLast);
            if (Taken.TryAdd(port, true) && IsFree(port))
            {
                return port;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
