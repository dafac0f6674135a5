using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.Bench.Load;

/// <summary>A connection to the gateway that sends one request at a time. It uses a socket, because HttpClient would cost more than a coalesced order.</summary>
internal sealed class Connection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _received = new byte[4096];
    private int _length;

    public Connection(IPEndPoint gateway)
    {
        _socket.Connect(gateway);
        Descriptor = (int)_socket.Handle;
    }

    public int Descriptor { get; }

    /// <summary>Gets when the current request was due, in milliseconds since the start of the load.</summary>
    public double Intended { get; private set; }

    /// <summary>Gets the current response as text.</summary>
    public string ReceivedText => Encoding.UTF8.GetString(_received, 0, _length);

    public void Send(ReadOnlySpan<byte> request, double intended)
    {
        (Intended, _length) = (intended, 0);
        while (request.Length > 0)
        {
            request = request[_socket.Send(request)..];
        }
    }

    /// <summary>Reads what has arrived. Returns the response if it is complete, otherwise null.</summary>
    /// <exception cref="SocketException">The connection was closed.</exception>
    public Response? Receive()
    {
        if (_length == _received.Length)
        {
            Array.Resize(ref _received, 2 * _length);
        }

        var bytes = _socket.Receive(_received.AsSpan(_length));
        _length += bytes > 0 ? bytes : throw new SocketException((int)SocketError.ConnectionReset);
        return Response.TryRead(_received.AsSpan(0, _length));
    }

    public void Dispose() => _socket.Dispose();
}
