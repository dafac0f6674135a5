using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace DaprOrders.Bench.Load;

/// <summary>The result of a load, as seen by the clients.</summary>
/// <param name="Accepted">The number of orders that got 201, or were in a batch that got 200.</param>
/// <param name="Refused">The number of orders that got another response or none.</param>
/// <param name="Duration">The time from the first request to the last response.</param>
/// <param name="Milliseconds">The duration of each accepted request.</param>
internal sealed record LoadResult(int Accepted, int Refused, TimeSpan Duration, IReadOnlyCollection<double> Milliseconds);

/// <summary>Clients that place orders through the gateway, each with its own connection.</summary>
internal sealed class Clients : IDisposable
{
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;

    public Clients(Uri gateway, int count) => _http = new HttpClient(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = count,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null, // each trace starts at the gateway
    })
    {
        BaseAddress = gateway,
        Timeout = RequestTimeout,
    };

    /// <summary>Sends requests in a closed loop: each client sends its next request when the last one has ended.</summary>
    public async Task<LoadResult> ClosedLoopAsync(int clients, OrderBodies bodies, TimeSpan duration)
    {
        var times = Enumerable.Range(0, clients).Select(_ => new List<double>()).ToList();
        var refused = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(times.Select(ofClient => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var sent = Stopwatch.GetTimestamp();
                if (await PostAsync(bodies) is not null)
                {
                    ofClient.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                }
                else
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })));
        var all = times.SelectMany(ofClient => ofClient).ToList();
        return new LoadResult(
            all.Count * bodies.OrdersInEach, refused * bodies.OrdersInEach, Stopwatch.GetElapsedTime(started), all);
    }

    /// <summary>Sends requests at a constant rate, even if earlier requests have not ended.</summary>
    /// <returns>The time at which each order was accepted, with the order's id from the Location header.</returns>
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

            requests.Add(PlaceAsync());
        }

        await Task.WhenAll(requests);
        return accepted;

        async Task PlaceAsync()
        {
            if (await PostAsync(bodies) is { } location)
            {
                accepted.Add((location.Split('/')[^1], DateTimeOffset.UtcNow));
            }
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Posts the next body.</summary>
    /// <returns>The Location of the order, empty if the response has none; null if the request was not accepted.</returns>
    private async Task<string?> PostAsync(OrderBodies bodies)
    {
        try
        {
            using var content = bodies.Next();
            using var response = await _http.PostAsync(bodies.Path, content);
            return response.StatusCode is HttpStatusCode.Created or HttpStatusCode.OK ? response.Headers.Location?.OriginalString ?? "" : null;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }
}
