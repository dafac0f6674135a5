using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;
using Npgsql;

namespace DaprOrders.Faults.Tests;

/// <summary>Kills, freezes and restarts the order service while its calls carry the orders of many clients.</summary>
[Trait("Form", "faults")]
public sealed partial class CoalescingTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentQueue<int> _groups = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Service_killed_in_the_middle_of_a_group_loses_and_duplicates_no_order(int instances)
    {
        AttachedSystem.Skip();
        const int Count = 60;
        await using var stack = await StartAsync(instances);
        await using var blocker = new NpgsqlConnection(stack.OwnerConnectionString("orders_db"));
        await blocker.OpenAsync(Cancel);
        await using var transaction = await blocker.BeginTransactionAsync(Cancel);
        await using (var hold = new NpgsqlCommand("LOCK TABLE orders IN SHARE MODE", blocker, transaction))
        {
            await hold.ExecuteNonQueryAsync(Cancel);
        }

        var placing = Task.WhenAll(Enumerable.Range(0, Count).Select(i => PlaceAsync(stack, $"{i}", retries: true)));
        await Wait.UntilAsync("two single orders and a group to wait for the lock", async () => await BlockedAsync(stack) >= 3);
        var killed = OrderInstances(stack)[0];
        Assert.True(await stack.Runtime.SignalAsync(killed, Signal.Kill));
        await transaction.RollbackAsync(Cancel);
        await stack.Runtime.StartAsync(killed);

        await AssertPlacedOnceAsync(stack, await placing);
        Assert.NotEmpty(_groups);
    }

    [Fact(Explicit = true)]
    public async Task Service_frozen_for_two_seconds_fails_no_request()
    {
        AttachedSystem.Skip();
        await using var stack = await StartAsync(instances: 1);
        var instance = OrderInstances(stack).Single();

        await stack.Runtime.SignalAsync(instance, Signal.Freeze);
        var placing = Task.WhenAll(Enumerable.Range(0, 60).Select(i => PlaceAsync(stack, $"{i}")));
        await Task.Delay(TimeSpan.FromSeconds(2), Cancel);
        await stack.Runtime.SignalAsync(instance, Signal.Continue);

        await AssertPlacedOnceAsync(stack, await placing);
        Assert.NotEmpty(_groups);
    }

    [Fact(Explicit = true)]
    public async Task Rolling_restart_under_concurrent_orders_fails_no_request()
    {
        AttachedSystem.Skip();
        await using var stack = await StartAsync(instances: 2);
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 32).Select(client => PlaceManyAsync(stack, $"client-{client}", retries: false, stop.Token)));

        foreach (var instance in OrderInstances(stack))
        {
            Assert.True(await stack.Runtime.SignalAsync(instance, Signal.Terminate));
            await stack.Runtime.StartAsync(instance);
            await stack.UntilReadyAsync(instance);
        }

        await stop.CancelAsync();
        await AssertPlacedOnceAsync(stack, [.. (await load).SelectMany(orders => orders)]);
        Assert.NotEmpty(_groups);
    }

    [Theory(Explicit = true)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Service_frozen_for_forty_seconds_loses_and_duplicates_no_order(int instances)
    {
        AttachedSystem.Skip();
        await using var stack = await StartAsync(instances);
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 8).Select(client => PlaceManyAsync(stack, $"client-{client}", retries: true, stop.Token)));
        await Wait.UntilAsync("orders", async () => await CountAsync(stack) >= 8);

        var frozen = OrderInstances(stack)[0];
        await stack.Runtime.SignalAsync(frozen, Signal.Freeze);
        var before = await CountAsync(stack);
        await Task.Delay(TimeSpan.FromSeconds(40), Cancel);
        var placed = await CountAsync(stack) - before;
        await stack.Runtime.SignalAsync(frozen, Signal.Continue);
        await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
        await stop.CancelAsync();

        await AssertPlacedOnceAsync(stack, [.. (await load).SelectMany(orders => orders)]);
        Assert.True(instances == 1 || placed > 40, $"Only {placed} orders were placed while one of two instances was frozen");
    }

    private static List<AppInstance> OrderInstances(StackHost stack) => [.. stack.Instances.Where(instance => instance.AppId == "order")];

    /// <summary>Returns the number of transactions that place orders and wait for a lock.</summary>
    private static async Task<long> BlockedAsync(StackHost stack) => (long)(await stack.QueryAsync(
        "orders_db", "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = 'orders'"))!;

    private static async Task<long> CountAsync(StackHost stack) => (long)(await stack.QueryAsync("orders_db", "SELECT count(*) FROM orders"))!;

    private static async Task<List<Guid>> PlaceManyAsync(StackHost stack, string client, bool retries, CancellationToken stop)
    {
        var orders = new List<Guid>();
        while (!stop.IsCancellationRequested)
        {
            orders.Add(await PlaceAsync(stack, $"{client}-{orders.Count}", retries));
        }

        return orders;
    }

    private static async Task<Guid> PlaceAsync(StackHost stack, string key, bool retries = false)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/orders", UriKind.Relative));
            request.Content = JsonContent.Create(new { item_id = "item-7", quantity = 1 });
            request.Headers.Add("Idempotency-Key", key);
            using var response = await stack.Gateway.SendAsync(request, Cancel);
            var body = await response.Content.ReadAsStringAsync(Cancel);
            if (response.StatusCode is HttpStatusCode.Created)
            {
                return JsonSerializer.Deserialize<JsonElement>(body).GetProperty("id").GetGuid();
            }

            Assert.True(retries, $"{(int)response.StatusCode} {body}");
            await Task.Delay(Interval, Cancel);
        }
    }

    /// <summary>Asserts that each key has one order, the one that its client saw, and that all orders are settled and notified.</summary>
    private static async Task AssertPlacedOnceAsync(StackHost stack, Guid[] placed)
    {
        Assert.Equal(placed.Length, placed.Distinct().Count());
        Assert.Equal((long)placed.Length, await CountAsync(stack));
        await Wait.UntilAsync("all notifications", async () => (long)(await stack.QueryAsync("notification_db", "SELECT count(*) FROM notifications"))! == placed.Length);
        Assert.Equal(0L, await stack.QueryAsync("orders_db", "SELECT count(*) FROM orders WHERE status = 'rejected'"));
    }

    [GeneratedRegex(@"Placed (\d+) orders in one call")]
    private static partial Regex PlacedTogether();

    private async Task<StackHost> StartAsync(int instances)
    {
        var stack = new StackHost(new StackOptions { Instances = new Dictionary<string, int> { ["order"] = instances } });
        await stack.PrepareAsync();
        stack.Runtime.OnLine = line =>
        {
            if (PlacedTogether().Match(line) is { Success: true } match)
            {
                _groups.Enqueue(int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
            }
        };
        await stack.Runtime.StartAsync();
        await stack.UntilReadyAsync();
        return stack;
    }
}
