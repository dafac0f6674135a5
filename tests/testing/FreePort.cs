using System.Net;
using System.Net.Sockets;

namespace DaprOrders.Testing;

/// <summary>
/// Ports of 127.0.0.1 on which nothing listens. They lie below those that the kernel gives to outgoing connections, and above those that the
/// emulator chooses: a port may belong to somebody else by the time a server wants it. For the same reason each test process
/// has a block of its own, which a locked file in the temporary folder says.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int BlockSize = 2_000;
    private const int Blocks = 8;

    private static readonly Lock Gate = new();
    private static readonly (int Number, FileStream Lock) Block = OpenBlock();
    private static int _next;

    /// <summary>Takes a port that no other test gets, until all of the block have been taken once.</summary>
    public static int Take()
    {
        lock (Gate)
        {
            for (var tried = 0; tried < BlockSize; tried++)
            {
                var port = First + (Block.Number * BlockSize) + (_next++ % BlockSize);
                if (IsFree(port))
                {
                    return port;
                }
            }
        }

        throw new InvalidOperationException($"Something listens on each of the {BlockSize} ports of this process.");
    }

    private static (int Number, FileStream Lock) OpenBlock()
    {
        for (var number = 0; number < Blocks; number++)
        {
            try
            {
                var file = Path.Combine(Path.GetTempPath(), $"dapr-orders-ports-{number}-{Environment.UserName}");
                return (number, new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException)
            {
                // Another test process has it.
            }
        }

        throw new InvalidOperationException($"More than {Blocks} test processes want ports at once.");
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
