using System.Net;
using System.Net.Sockets;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>
/// Finds ports of 127.0.0.1 on which nothing listens. They are below the range that the kernel uses for outgoing connections and above the range
/// of the emulator, so a port is still free when a server binds it. For the same reason each test process has its own blocks of ports. It claims a
/// block by locking a file in the temporary folder, and claims the next one when the block is used up.
/// </summary>
public static class FreePort
{
    private const int First = 15_000;
    private const int BlockSize = 500;
    private const int Blocks = 34; // up to port 31,999

    private static readonly Lock Gate = new();
    private static readonly List<FileStream> Locks = [];
    private static int _next;
    private static int _afterLast;

    /// <summary>Returns a free port. No other caller gets it while this process is running.</summary>
    public static int Take()
    {
        lock (Gate)
        {
            while (true)
            {
                if (_next == _afterLast)
                {
                    ClaimBlock();
                }

                var port = _next++;
                if (IsFree(port))
                {
                    return port;
                }
            }
        }
    }

    /// <summary>Returns the first of some consecutive free ports.</summary>
    public static int TakeConsecutive(int count)
    {
        var (first, taken) = (Take(), 1);
        while (taken < count)
        {
            var next = Take();
            (first, taken) = next == first + taken ? (first, taken + 1) : (next, 1);
        }

        return first;
    }

    /// <summary>Requires that nothing listens on these ports of 127.0.0.1.</summary>
    /// <param name="ports">The ports.</param>
    /// <param name="owner">What needs them, for the message.</param>
    /// <exception cref="StackException">Another program listens on one of them.</exception>
    public static void Require(IEnumerable<int> ports, string owner = "dapr.yaml")
    {
        ArgumentNullException.ThrowIfNull(ports);
        if (ports.Cast<int?>().FirstOrDefault(port => Listens(port!.Value)) is { } used)
        {
            throw new StackException($"port {used} of {owner} is used by {DescribeListener(used)}");
        }
    }

    /// <summary>Describes the program that listens on a port, with the command that ends it or, if it is unknown, finds it.</summary>
    public static string DescribeListener(int port)
    {
        if (Platform.Current.ListenerOn(port) is { } id)
        {
            var command = string.Join(' ', Platform.Current.CommandLine(id));
            return $"process {id}{(command.Length > 0 ? $" ({command})" : "")}; end it with: kill {id}";
        }

        var find = OperatingSystem.IsWindows() ? $"netstat -ano | findstr :{port}"
            : OperatingSystem.IsMacOS() ? $"sudo lsof -nP -iTCP:{port} -sTCP:LISTEN"
            : $"sudo ss -ltnp 'sport = :{port}'";
        return $"another program; find it with: {find}";
    }

    /// <summary>Returns whether something listens on a port of 127.0.0.1.</summary>
    public static bool Listens(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static void ClaimBlock()
    {
        for (var number = 0; number < Blocks; number++)
        {
            try
            {
                var file = Path.Combine(Path.GetTempPath(), $"dapr-orders-ports-{number}-{Environment.UserName}");
                Locks.Add(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
                _next = First + (number * BlockSize);
                _afterLast = _next + BlockSize;
                return;
            }
            catch (IOException)
            {
                // Another test process uses this block, or this process has used it up.
            }
        }

        throw new InvalidOperationException($"All {Blocks} blocks of {BlockSize} ports are in use.");
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
