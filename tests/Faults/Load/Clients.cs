using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>
/// Clients as they should be: each order has an idempotency key and is repeated with it until it is acknowledged, however often that fails.
/// Some repeat what was acknowledged already, some send everything twice at once.
/// </summary>
internal sealed class Clients(Uri gateway, LoadOptions options, Ledger ledger, Random random) : IDisposable
{
    private static readonly TimeSpan PauseBeforeRepeating = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(150);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = gateway,
        Timeout = options.RequestTimeout,
    };

    /// <summary>Orders until it is told to stop, and then until each order that was begun is acknowledged.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        var pause = TimeSpan.FromSeconds(options.Clients / options.OrdersPerSecond);
        return Task.WhenAll(Enumerable.Range(0, options.Clients).Select(i => Task.Run(() => RunOneAsync(new Random(random.Next()), pause, stop), CancellationToken.None)));
    }

    /// <summary>Places so many orders at once.</summary>
    public async Task<List<Guid>> OrderAsync(int count)
    {
        var keys = Enumerable.Range(0, count).Select(_ => Guid.NewGuid().ToString("N")).ToList();
        await Task.WhenAll(keys.Select(key => OrderAsync(key, new { item_id = "item-1", quantity = 1 })));
        return keys.Where(ledger.Acknowledged.ContainsKey).Select(key => ledger.Acknowledged[key]).ToList();
    }

    public void Dispose() => _http.Dispose();

    private async Task RunOneAsync(Random own, TimeSpan pause, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(pause);
        await Task.Delay(pause * own.NextDouble(), CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            var order = new { item_id = Item(own), quantity = own.Next(1, 4) };
            var key = Guid.NewGuid().ToString("N");
            await (own.Next(50) == 0 ? Task.WhenAll(OrderAsync(key, order), OrderAsync(key, order)) : OrderAsync(key, order));
            if (own.Next(10) == 0)
            {
                await OrderAsync(key, order);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private string Item(Random own) => own.Next(20) switch
    {
        0 => LoadOptions.UnknownItem,
        1 => LoadOptions.ScarceItem,
        _ => $"item-{own.Next(1, options.Items + 1)}",
    };

    private async Task OrderAsync(string key, object order)
    {
        ledger.Begin();
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            while (!await TryAsync(key, order))
            {
                if (TimeProvider.System.GetElapsedTime(began) > LongestPatience)
                {
                    ledger.Contradict($"the order with key {key} was not acknowledged within {LongestPatience.TotalSeconds} s");
                    return;
                }

                await Task.Delay(PauseBeforeRepeating);
            }
        }
        finally
        {
            ledger.End();
        }
    }

    /// <returns>Whether the client knows what became of the order.</returns>
    private async Task<bool> TryAsync(string key, object order)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = JsonContent.Create(order) };
            request.Headers.Add("Idempotency-Key", key);
            using var response = await _http.SendAsync(request);
            if (response.StatusCode >= HttpStatusCode.InternalServerError)
            {
                return false;
            }

            var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
            if (response.StatusCode is HttpStatusCode.Created)
            {
                ledger.Acknowledge(key, answer.GetProperty("id").GetGuid());
            }
            else
            {
                ledger.Contradict($"a good order was refused: {(int)response.StatusCode} {answer}");
            }

            return true;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            return false;
        }
    }
}
