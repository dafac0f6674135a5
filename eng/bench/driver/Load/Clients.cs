using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace DaprOrders.Bench.Load;

/// <summary>What the clients saw.</summary>
/// <param name="Accepted">Orders answered 201, or orders in batches answered 200.</param>
/// <param name="Refused">Requests answered otherwise, or not at all, times the orders in each.</param>
/// <param name="Duration">From the first request to the last answer.</param>
/// <param name="Milliseconds">How long each accepted request took.</param>
internal sealed record LoadResult(int Accepted, int Refused, TimeSpan Duration, IReadOnlyCollection<double> Milliseconds);

/// <summary>Clients that place orders on the gateway, each over a connection of its own.</summary>
internal sealed class Clients : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    public Clients(Uri gateway, int count) => _http = new HttpClient(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = count,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null, // each trace begins at the gateway
    })
    {
        BaseAddress = gateway,
        Timeout = Patience,
    };

    /// <summary>Each client sends its next request when it has the answer to the last one.</summary>
    public async Task<LoadResult> ClosedLoopAsync(int clients, OrderBodies bodies, TimeSpan duration)
    {
        var times = Enumerable.Range(0, clients).Select(_ => new List<double>()).ToList();
        var refused = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(times.Select(mine => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                if (await PostAsync(bodies) is not null)
                {
                    mine.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })));
        var all = times.SelectMany(mine => mine).ToList();
        return new LoadResult(
            all.Count * bodies.OrdersInEach, refused * bodies.OrdersInEach, Stopwatch.GetElapsedTime(started), all);
    }

    /// <summary>A request every so often, whether or not the earlier ones are answered.</summary>
    /// <returns>When each order was accepted, by its place in the answer's Location.</returns>
    public async Task<IReadOnlyCollection<(string Order, DateTimeOffset At)>> SteadyAsync(int perSecond, OrderBodies bodies, TimeSpan duration)
    {
        var accepted = new ConcurrentBag<(string, DateTimeOffset)>();
        var interval = TimeSpan.FromSeconds(1.0 / perSecond);
        var started = Stopwatch.GetTimestamp();
        var requests = new List<Task>();
        for (var n = 0; interval * n < duration; n++)
        {
            var wait = (interval * n) - Stopwatch.GetElapsedTime(started);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait);
            }

            requests.Add(OneAsync());
        }

        await Task.WhenAll(requests);
        return accepted;

        async Task OneAsync()
        {
            if (await PostAsync(bodies) is { } location)
            {
                accepted.Add((location.Split('/')[^1], DateTimeOffset.UtcNow));
            }
        }
    }

    public void Dispose() => _http.Dispose();

    /// <returns>The Location of the order, empty for a batch or a system that gives none; null when it was not accepted.</returns>
    private async Task<string?> PostAsync(OrderBodies bodies)
    {
        try
        {
            using var content = bodies.Next();
            using var answer = await _http.PostAsync(bodies.Path, content);
            return answer.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK ? answer.Headers.Location?.OriginalString ?? "" : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }
}
