using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>A server on 127.0.0.1 that gives everybody the same answer, whatever the question.</summary>
internal sealed class Answering : IDisposable
{
    private readonly TcpListener _listener;
    private readonly byte[] _answer;

    public Answering(int port, string answer)
    {
        _answer = Encoding.ASCII.GetBytes(answer);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.AcceptTcpClientAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task AnswerAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                // Who only wants to know whether somebody listens asks nothing.
                if (await client.GetStream().ReadAsync(new byte[1024]) > 0)
                {
                    await client.GetStream().WriteAsync(_answer);
                }
            }
            catch (IOException)
            {
                // The other side has gone.
            }
        }
    }
}
