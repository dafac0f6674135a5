using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>A server on 127.0.0.1 that gives everybody the same answer, whatever the question.</summary>
internal sealed class Answering : IDisposable
{
    private readonly TcpListener _listener;
    private volatile string _answer;
    private int _asked;

    public Answering(int port, string answer)
    {
        _answer = answer;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Gets how many questions have been answered or are being answered.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>Gives another answer from now on.</summary>
    public void Answer(string answer) => _answer = answer;

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
                    Interlocked.Increment(ref _asked);
                    await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(_answer));
                }
            }
            catch (IOException)
            {
                // The other side has gone.
            }
        }
    }
}
