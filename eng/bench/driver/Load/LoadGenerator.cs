using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.Bench.Load;

/// <summary>
/// Places orders through the gateway, each client on its own connection. One thread sends and receives everything, because threads that wake each
/// other would take CPU time from the system that is measured.
/// </summary>
internal sealed class LoadGenerator
{
    private const double RequestTimeout = 30_000;
    private const double LongestWait = 1_000;

    private readonly IPEndPoint _gateway;
    private readonly OrderRequests _requests;
    private readonly Stack<Connection> _idle = [];
    private readonly List<Connection> _busy = [];
    private readonly List<AcceptedRequest> _accepted = new(100_000);
    private readonly DateTimeOffset _startedAt = DateTimeOffset.UtcNow;
    private readonly long _started = Stopwatch.GetTimestamp();
    private PollEntry[] _entries = new PollEntry[256];
    private int _refused;
    private string? _refusal;

    private LoadGenerator(Uri gateway, OrderRequests requests) =>
        (_gateway, _requests) = (new IPEndPoint(IPAddress.Parse(gateway.Host), gateway.Port), requests);

    private double Now => Stopwatch.GetElapsedTime(_started).TotalMilliseconds;

    /// <summary>Sends requests in a closed loop: each client sends its next request when the last one has ended.</summary>
    public static Task<LoadResult> ClosedLoopAsync(Uri gateway, int clients, OrderRequests requests, TimeSpan duration) =>
        StartAsync(gateway, requests, load => load.RunClosed(clients, duration.TotalMilliseconds));

    /// <summary>
    /// Sends requests at a constant rate, even if earlier requests have not ended. A request that is sent late counts from when it was due, because
    /// a system that is slow must not slow down the clients that measure it.
    /// </summary>
    public static Task<LoadResult> OpenLoopAsync(Uri gateway, double perSecond, OrderRequests requests, TimeSpan duration) =>
        StartAsync(gateway, requests, load => load.RunOpen(1000 / perSecond, duration.TotalMilliseconds));

    private static Task<LoadResult> StartAsync(Uri gateway, OrderRequests requests, Action<LoadGenerator> run) => Task.Factory.StartNew(
        () =>
        {
            var load = new LoadGenerator(gateway, requests);
            run(load);
            foreach (var connection in load._idle)
            {
                connection.Dispose();
            }

            return new LoadResult(load._startedAt, TimeSpan.FromMilliseconds(load.Now), requests.OrdersInEach, load._accepted, load._refused, load._refusal);
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void RunClosed(int clients, double duration)
    {
        for (var client = 0; client < clients; client++)
        {
            Send(Now);
        }

        while (_busy.Count > 0)
        {
            for (var ended = ReceiveAll(LongestWait); ended > 0 && Now < duration; ended--)
            {
                Send(Now);
            }
        }
    }

    private void RunOpen(double interval, double duration)
    {
        var sent = 0;
        while (sent * interval < duration || _busy.Count > 0)
        {
            for (; sent * interval < duration && Now >= sent * interval; sent++)
            {
                Send(sent * interval);
            }

            ReceiveAll(sent * interval < duration ? Math.Max(0, (sent * interval) - Now) : LongestWait);
        }
    }

    private void Send(double intended)
    {
        Connection? connection = null;
        try
        {
            connection = _idle.TryPop(out var open) ? open : new Connection(_gateway);
            connection.Send(_requests.Next(), intended);
            _busy.Add(connection);
        }
        catch (SocketException)
        {
            connection?.Dispose();
            _refused++;
        }
    }

    /// <summary>Waits for responses, and returns how many requests have ended.</summary>
    private int ReceiveAll(double wait)
    {
        if (_entries.Length < _busy.Count)
        {
            _entries = new PollEntry[2 * _busy.Count];
        }

        for (var i = 0; i < _busy.Count; i++)
        {
            _entries[i] = Poll.EntryOf(_busy[i]);
        }

        Poll.Wait(_entries.AsSpan(0, _busy.Count), Math.Min(wait, LongestWait));
        var before = _busy.Count;
        for (var i = _busy.Count - 1; i >= 0; i--)
        {
            if (HasEnded(_busy[i], isReadable: _entries[i].Received != 0))
            {
                _busy[i] = _busy[^1];
                _busy.RemoveAt(_busy.Count - 1);
            }
        }

        return before - _busy.Count;
    }

    private bool HasEnded(Connection connection, bool isReadable)
    {
        try
        {
            if (!isReadable)
            {
                return Now - connection.Intended > RequestTimeout && Refuse(connection);
            }

            if (connection.Receive() is not { } response)
            {
                return false;
            }

            _idle.Push(connection);
            if (response.IsAccepted)
            {
                _accepted.Add(new AcceptedRequest(response.Order, connection.Intended, Now));
            }
            else
            {
                _refused++;
                _refusal ??= connection.ReceivedText;
            }

            return true;
        }
        catch (SocketException)
        {
            return Refuse(connection);
        }
    }

    private bool Refuse(Connection connection)
    {
        connection.Dispose();
        _refused++;
        return true;
    }
}
