using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.EndToEnd.Tests.Costs;

/// <summary>What a client sends to PostgreSQL before it waits for the response.</summary>
/// <param name="Database">The database.</param>
/// <param name="Statements">The statements that PostgreSQL executes.</param>
internal sealed record RoundTrip(string Database, IReadOnlyList<string> Statements)
{
    public override string ToString() => $"{Database}: {string.Join(" · ", Statements.Select(Shorten))}";

    private static string Shorten(string sql) => sql.Length <= 80 ? sql : $"{sql[..80].ReplaceLineEndings(" ")}…";
}

/// <summary>
/// Forwards connections to PostgreSQL and records the statements. It reads only what clients send, which must be protocol 3.0 without TLS.
/// </summary>
/// <seealso href="https://www.postgresql.org/docs/current/protocol-message-formats.html"/>
internal sealed class SqlRecorder : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<RoundTrip> _roundTrips = [];
    private int _target;

    /// <summary>Gets what was sent, oldest first.</summary>
    public IReadOnlyCollection<RoundTrip> RoundTrips => _roundTrips;

    /// <summary>Starts to forward to a port, and returns the port that clients connect to.</summary>
    public int Start(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
        return ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public void Clear() => _roundTrips.Clear();

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            _ = ForwardAsync(await _listener.AcceptTcpClientAsync());
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            await server.ConnectAsync(IPAddress.Loopback, _target);
            await Task.WhenAny(
                RecordAsync(client.GetStream(), server.GetStream()), server.GetStream().CopyToAsync(client.GetStream()));
        }
    }

    private async Task RecordAsync(NetworkStream client, NetworkStream server)
    {
        var database = "";
        while (database.Length == 0)
        {
            var body = await CopyBodyAsync(client, server, type: null);
            database = DatabaseOf(body); // a request for TLS comes first and names no database
        }

        var prepared = new Dictionary<string, string>();
        var executed = new List<string>();
        var bound = "";
        while (true)
        {
            var type = new byte[1];
            await client.ReadExactlyAsync(type);
            var body = await CopyBodyAsync(client, server, type[0]);
            switch ((char)type[0])
            {
                case 'P':
                    prepared[Text(body, 0)] = Text(body, 1);
                    break;
                case 'B':
                    bound = prepared[Text(body, 1)];
                    break;
                case 'E':
                    executed.Add(bound);
                    break;
                case 'Q' when Text(body, 0).StartsWith("BEGIN", StringComparison.Ordinal):
                    executed.Add(Text(body, 0)); // Npgsql does not wait for the response to BEGIN
                    break;
                case 'Q':
                    executed.Add(Text(body, 0));
                    EndRoundTrip();
                    break;
                case 'S':
                    EndRoundTrip();
                    break;
            }
        }

        void EndRoundTrip()
        {
            _roundTrips.Enqueue(new RoundTrip(database, executed));
            executed = [];
        }
    }

    /// <summary>Forwards one message and returns its body.</summary>
    private static async Task<byte[]> CopyBodyAsync(NetworkStream client, NetworkStream server, byte? type)
    {
        var length = new byte[4];
        await client.ReadExactlyAsync(length);
        var body = new byte[BinaryPrimitives.ReadInt32BigEndian(length) - length.Length];
        await client.ReadExactlyAsync(body);
        byte[] message = type is { } known ? [known, .. length, .. body] : [.. length, .. body];
        await server.WriteAsync(message);
        return body;
    }

    private static string DatabaseOf(byte[] startup)
    {
        var words = Encoding.UTF8.GetString(startup.AsSpan(4)).Split('\0');
        var name = Array.IndexOf(words, "database");
        return name < 0 ? "" : words[name + 1];
    }

    /// <summary>Returns one of the zero-terminated texts at the start of a message.</summary>
    private static string Text(byte[] body, int index)
    {
        var start = 0;
        for (; index > 0; index--)
        {
            start = Array.IndexOf(body, (byte)0, start) + 1;
        }

        return Encoding.UTF8.GetString(body, start, Array.IndexOf(body, (byte)0, start) - start);
    }
}
