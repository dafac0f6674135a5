using System.Text.Json;

namespace DaprOrders.Faults.Tests.Load;

/// <summary>
/// Places orders as clients should: each order has an idempotency key and is retried with the same key until it is acknowledged. Some requests are
/// repeated after the acknowledgment, some are sent twice concurrently, and some contain a batch of orders. Between the orders the client reads
/// its orders and the list of all orders.
/// </summary>
internal sealed class Client(string name, GatewayApi gateway, LoadOptions options, Ledger ledger, Random random)
{
    private const int BatchSize = 5;
    private const int PageSize = 40;
    private const int MaxPages = 3;
    private const int AttemptsPerPage = 3;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly ClientHistory _history = ledger.StartHistory(name);

    /// <summary>The client's last orders. It reads only these, because older ones no longer change.</summary>
    private readonly Queue<Guid> _recent = new();

    public async Task RunAsync(TimeSpan pause, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(pause);
        await Task.Delay(pause * random.NextDouble(), CancellationToken.None);
        while (!stop.IsCancellationRequested)
        {
            if (random.Next(20 * BatchSize) == 0) // one order in twenty is part of a batch
            {
                await PlaceBatchAsync();
            }

            var order = new SentOrder(Guid.NewGuid().ToString("N"), CreateContent());
            await (random.Next(50) == 0 ? Task.WhenAll(PlaceAsync(order), PlaceAsync(order)) : PlaceAsync(order));
            if (random.Next(10) == 0)
            {
                await PlaceAsync(order);
            }

            await ReadSometimesAsync();
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public Task PlaceAsync(SentOrder order)
    {
        ledger.Send(order);
        return RetryUntilKnownAsync($"The order with key {order.Key}", async () =>
        {
            var response = await gateway.PlaceAsync(order);
            var placed = response.Status is 201 ? GatewayApi.OrderOf(response.Body) : null;
            return IsKnown(new Placement(response.Began, response.Ended, order.Key, response.Status, placed?.Id, placed, response.IsReplayed), response.Body);
        });
    }

    private Task PlaceBatchAsync()
    {
        var keys = Enumerable.Range(0, BatchSize).Select(_ => Guid.NewGuid().ToString("N")).ToList();
        var orders = keys.ConvertAll(key => new SentOrder(key, CreateContent(), Batch: keys[0]));
        orders.ForEach(ledger.Send);
        return RetryUntilKnownAsync($"The batch that begins with key {keys[0]}", async () =>
        {
            var response = await gateway.PlaceBatchAsync(orders);
            if (response.Status is 200)
            {
                var results = response.Body.GetProperty("results").EnumerateArray().ToList();
                return orders.Zip(results).Count(pair => IsKnown(PlacementOf(pair.First, response, pair.Second), pair.Second)) == orders.Count;
            }

            orders.ForEach(order => _history.Add(new Placement(response.Began, response.Ended, order.Key, response.Status)));
            return IsRefused(response.Status, response.Body);
        });
    }

    private static Placement PlacementOf(SentOrder order, GatewayResponse response, JsonElement result) => new(
        response.Began, response.Ended, order.Key, result.GetProperty("status").GetInt32(),
        result.TryGetProperty("id", out var id) ? id.GetGuid() : null, IsReplayed: result.TryGetProperty("replayed", out _));

    private OrderContent CreateContent() => new(
        random.Next(20) switch
        {
            0 => LoadOptions.UnknownItem,
            1 => LoadOptions.ScarceItem,
            _ => $"item-{random.Next(1, options.Items + 1)}",
        },
        random.Next(1, 4));

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

    /// <summary>Records a placement and returns whether the client knows its result.</summary>
    private bool IsKnown(Placement placement, JsonElement body)
    {
        _history.Add(placement);
        if (placement is not { Status: 201, OrderId: { } id })
        {
            return IsRefused(placement.Status, body);
        }

        ledger.Acknowledge(placement.Key, id);
        lock (_recent)
        {
            _recent.Enqueue(id);
            while (_recent.Count > BatchSize)
            {
                _recent.Dequeue();
            }
        }

        return true;
    }

    private bool IsRefused(int status, JsonElement body)
    {
        if (status is 0 or >= 500)
        {
            return false;
        }

        ledger.ReportError($"A valid order was rejected: {status} {body}");
        return true;
    }

    private async Task ReadSometimesAsync()
    {
        if (_recent.Count > 0 && random.Next(6) == 0)
        {
            await ReadAsync(_recent.ElementAt(random.Next(_recent.Count)));
        }

        if (_recent.Count > 0 && random.Next(10) == 0)
        {
            var order = _recent.Last();
            await ReadAsync(order);
            await ReadAsync(order, isWait: true);
            await ReadAsync(order); // must not show an older state, whichever instance it reaches
        }

        if (random.Next(30) == 0)
        {
            await ListAsync();
        }
    }

    private async Task ReadAsync(Guid order, bool isWait = false)
    {
        var response = await gateway.ReadAsync(order, isWait ? "?wait=1s" : "");
        _history.Add(new OrderRead(
            response.Began, response.Ended, order, response.Status, response.Status is 200 ? GatewayApi.OrderOf(response.Body) : null, isWait));
    }

    /// <summary>Reads the first pages of the list of orders. Other clients place orders at the same time.</summary>
    private async Task ListAsync()
    {
        var pages = new List<ListPage>();
        string? cursor = null;
        do
        {
            if (await ListPageAsync(cursor) is not { } response)
            {
                break;
            }

            pages.Add(new ListPage(response.Began, response.Ended, [.. response.Body.GetProperty("items").EnumerateArray().Select(GatewayApi.OrderOf)]));
            cursor = response.Body.GetProperty("next").GetString();
        }
        while (cursor is not null && pages.Count < MaxPages);

        if (pages.Count > 0)
        {
            _history.Add(new ListRead(pages, IsComplete: cursor is null));
        }
    }

    private async Task<GatewayResponse?> ListPageAsync(string? cursor)
    {
        for (var i = 0; i < AttemptsPerPage; i++)
        {
            var response = await gateway.ListAsync(PageSize, cursor);
            if (response.Status is 200)
            {
                return response;
            }

            if (response.Status is > 0 and < 500)
            {
                ledger.ReportError($"A valid page was rejected: {response.Status} {response.Body}");
                break;
            }
        }

        return null;
    }
}
