using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>
/// Places orders as clients should: each order has an idempotency key and is retried with the same key until it is acknowledged. Some requests are
/// repeated after the acknowledgment, some are sent twice concurrently, and some contain a batch of orders.
/// </summary>
internal sealed class Clients(Uri gateway, LoadOptions options, Ledger ledger, RandomSources randomSources) : IDisposable
{
    private const int BatchSize = 5;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = gateway,
        Timeout = options.RequestTimeout,
    };

    /// <summary>Places orders until <paramref name="stop"/>. Then waits until each open order is acknowledged or its timeout has passed.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        var pause = TimeSpan.FromSeconds(options.Clients / options.OrdersPerSecond);
        var randoms = Enumerable.Range(1, options.Clients).Select(number => randomSources.For($"client {number}")).ToList();
        return Task.WhenAll(randoms.Select(random => Task.Run(() => RunOneAsync(random, pause, stop), CancellationToken.None)));
    }

    /// <summary>Places orders concurrently and returns the ids of those that were acknowledged.</summary>
    public async Task<List<Guid>> OrderAsync(int count)
    {
        var keys = Enumerable.Range(0, count).Select(_ => Guid.NewGuid().ToString("N")).ToList();
        await Task.WhenAll(keys.Select(key => OrderAsync(key, new { item_id = "item-1", quantity = 1 })));
        return keys.Where(ledger.Acknowledged.ContainsKey).Select(key => ledger.Acknowledged[key]).ToList();
    }

    public void Dispose() => _http.Dispose();

    private async Task RunOneAsync(Random random, TimeSpan pause, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(pause);
        await Task.Delay(pause * random.NextDouble(), CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            if (random.Next(20 * BatchSize) == 0) // one order in twenty is part of a batch
            {
                await OrderBatchAsync(random);
            }

            var order = new { item_id = Item(random), quantity = random.Next(1, 4) };
            var key = Guid.NewGuid().ToString("N");
            await (random.Next(50) == 0 ? Task.WhenAll(OrderAsync(key, order), OrderAsync(key, order)) : OrderAsync(key, order));
            if (random.Next(10) == 0)
            {
                await OrderAsync(key, order);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private string Item(Random random) => random.Next(20) switch
    {
        0 => LoadOptions.UnknownItem,
        1 => LoadOptions.ScarceItem,
        _ => $"item-{random.Next(1, options.Items + 1)}",
    };

    private Task OrderAsync(string key, object order) => RetryUntilKnownAsync($"The order with key {key}", () => TryAsync(key, order));

    private Task OrderBatchAsync(Random random)
    {
        var orders = Enumerable.Range(0, BatchSize)
            .Select(_ => new BatchOrder(Item(random), random.Next(1, 4), Guid.NewGuid().ToString("N")))
            .ToList();
        return RetryUntilKnownAsync($"The batch that begins with key {orders[0].Key}", () => TryBatchAsync(orders));
    }

    private async Task RetryUntilKnownAsync(string what, Func<Task<bool>> tryAsync)
    {
        ledger.Begin();
        try
        {
            var began = TimeProvider.System.GetTimestamp();
            while (!await tryAsync())
            {
                if (TimeProvider.System.GetElapsedTime(began) > options.OrderTimeout)
                {
                    ledger.ReportError($"{what} was not acknowledged within {options.OrderTimeout.TotalSeconds} s");
                    return;
                }

                await Task.Delay(RetryDelay);
            }
        }
        finally
        {
            ledger.End();
        }
    }

    /// <summary>Sends the order and returns whether the client knows the result.</summary>
    private Task<bool> TryAsync(string key, object order)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = JsonContent.Create(order) };
        request.Headers.Add("Idempotency-Key", key);
        return SendAsync(request, (status, response) => IsKnown(key, (int)status, response));
    }

    /// <summary>Sends the batch and returns whether the client knows the result of each order.</summary>
    private Task<bool> TryBatchAsync(IReadOnlyList<BatchOrder> orders)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/orders/batch") { Content = JsonContent.Create(new { orders }) };
        return SendAsync(request, (status, response) =>
        {
            if (status is HttpStatusCode.OK)
            {
                var results = response.GetProperty("results").EnumerateArray().ToList();
                return orders.Zip(results).Count(pair => IsKnown(pair.First.Key, pair.Second.GetProperty("status").GetInt32(), pair.Second)) == orders.Count;
            }

            ledger.ReportError($"A valid batch was rejected: {(int)status} {response}");
            return true;
        });
    }

    private bool IsKnown(string key, int status, JsonElement response)
    {
        if (status >= 500)
        {
            return false;
        }

        if (status is 201)
        {
            ledger.Acknowledge(key, response.GetProperty("id").GetGuid());
        }
        else
        {
            ledger.ReportError($"A valid order was rejected: {status} {response}");
        }

        return true;
    }

    private async Task<bool> SendAsync(HttpRequestMessage request, Func<HttpStatusCode, JsonElement, bool> isKnown)
    {
        using (request)
        {
            try
            {
                using var response = await _http.SendAsync(request);
                return response.StatusCode < HttpStatusCode.InternalServerError
                    && isKnown(response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
            {
                return false;
            }
        }
    }

    private sealed record BatchOrder(
        [property: JsonPropertyName("item_id")] string Item,
        [property: JsonPropertyName("quantity")] int Quantity,
        [property: JsonPropertyName("idempotency_key")] string Key);
}
