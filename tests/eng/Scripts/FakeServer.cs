using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>A server on 127.0.0.1 that sends the same response to every request.</summary>
internal sealed class FakeServer : IDisposable
{
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly TcpListener _listener;
    private volatile string _response;

    public FakeServer(int port, string response)
    {
        _response = response;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Gets or sets the response to later requests.</summary>
    public string Response
    {
        get => _response;
        set => _response = value;
    }

    /// <summary>Gets the first line of each request.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RespondAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task RespondAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                // A client that only checks whether the port is open sends nothing.
                var request = new byte[1024];
                if (await client.GetStream().ReadAsync(request) is > 0 and var length)
                {
                    _requests.Enqueue(Encoding.ASCII.GetString(request, 0, length).Split('\r', '\n')[0]);
                    await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(_response));
                }
            }
            catch (IOException)
            {
                // The client has disconnected.
            }
        }
    }
}
