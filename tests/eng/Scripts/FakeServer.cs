using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>A server on 127.0.0.1 that gives everybody the same answer, whatever the question.</summary>
internal sealed class Answering : IDisposable
{
    private readonly ConcurrentQueue<string> _questions = new();
    private readonly TcpListener _listener;
    private volatile string _answer;

    public Answering(int port, string answer)
    {
        _answer = answer;
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Gets how many questions have been answered or are being answered.</summary>
    public int Asked => _questions.Count;

    /// <summary>Gives another answer from now on.</summary>
    public void Answer(string answer) => _answer = answer;

    /// <summary>Gets the first line of each question.</summary>
    public IReadOnlyCollection<string> Questions => _questions;

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
                var question = new byte[1024];
                if (await client.GetStream().ReadAsync(question) is > 0 and var length)
                {
                    _questions.Enqueue(Encoding.ASCII.GetString(question, 0, length).Split('\r', '\n')[0]);
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
