using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Faults.Tests.Mutations;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Lines;

/// <summary>One run of a scenario: places orders, and counts those with neither a notification nor a dead letter.</summary>
internal sealed class LineRun(StackHost stack)
{
    /// <summary>The number of orders of which almost certainly one is in every partition of a topic.</summary>
    public const int Orders = 20;

    /// <summary>The time after which nothing is redelivered any more. With Redis it takes up to 7 s.</summary>
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromSeconds(10);

    /// <summary>RabbitMQ needs up to two minutes to redeliver an event that nobody reads (<c>consumer_timeout</c>), possibly twice.</summary>
    private static readonly TimeSpan RabbitLimit = TimeSpan.FromMinutes(5);

    /// <summary>Longer than Dapr waits before it reconnects (<c>reconnectWait</c>, 3 s).</summary>
    private static readonly TimeSpan ReconnectTime = TimeSpan.FromSeconds(6);

    private static readonly TimeSpan SettleTime = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly List<Guid> _placed = [];

    public StackHost Stack => stack;

    public DaprRuntime Runtime => (DaprRuntime)stack.Runtime;

    public BrokerHost Broker => stack.Broker!;

    private bool IsRabbit => stack.Broker?.Name == "rabbitmq";

    /// <summary>
    /// Gets whether the sidecars have lost their connections to the broker. With RabbitMQ, events can then be stuck for minutes and would disturb the
    /// next scenario.
    /// </summary>
    public bool HasLostConnections { get; private set; }

    /// <summary>Starts the system on Dapr with the broker of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="without">Whether to start the system without the line.</param>
    /// <param name="build">A build without the line, if it is in the code of a service.</param>
    public static async Task<StackHost> StartAsync(ComponentLine line, bool without, MutatedBuild? build = null)
    {
        var stack = new StackHost(
            line.Stack with
            {
                ChangeResource = text => without ? line.RemoveFrom(text) : text,
                RedisOptions = without ? line.RedisOptions : new Dictionary<string, string>(),
                Builds = build?.Folders ?? [],

                // The sweep would republish the events of pending orders.
                Environment = new Dictionary<string, string> { ["Sweep__After"] = "01:00:00" },
            },
            StackSettings.FromEnvironment() with { Runtime = RuntimeKind.Dapr, Broker = line.Broker });
        try
        {
            await stack.StartAsync();
            return stack;
        }
        catch
        {
            await stack.DisposeAsync();
            throw;
        }
    }

    /// <summary>Skips the test of a line whose name does not contain the value of <c>LINE</c>.</summary>
    public static void SkipUnselected(string name)
    {
        var selected = Environment.GetEnvironmentVariable("LINE") ?? "";
        Assert.SkipUnless(name.Contains(selected, StringComparison.OrdinalIgnoreCase), $"LINE is {selected}.");
    }

    public AppInstance Instance(string appId, int number = 1) =>
        stack.Instances.Single(instance => instance.AppId == appId && instance.Number == number);

    /// <summary>Places orders and returns their ids.</summary>
    public async Task<IReadOnlyList<Guid>> PlaceAsync(int count = Orders)
    {
        var orders = Enumerable.Range(1, count).Select(i => new { item_id = $"item-{i}", quantity = 1 });
        using var response = await stack.Gateway.PostAsJsonAsync("/orders/batch", new { orders });
        var batch = await response.Content.ReadFromJsonAsync<JsonElement>();
        List<Guid> ids = [.. batch.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("id").GetGuid())];
        _placed.AddRange(ids);
        return ids;
    }

    /// <summary>Places orders and waits until they are confirmed or rejected. Then their events for notification are published.</summary>
    public async Task PlaceAndSettleAsync(int count = Orders)
    {
        var ids = string.Join(", ", (await PlaceAsync(count)).Select(id => $"'{id}'"));
        await Wait.UntilAsync("the orders to be settled", async () =>
            await stack.QueryAsync("orders_db", $"SELECT count(*) FROM orders WHERE status = 'pending' AND id IN ({ids})") is 0L
            && await stack.QueryAsync("inventory_db", "SELECT count(*) FROM outbox") is 0L);
    }

    /// <summary>Waits until the order service has published its events, or until the time limit. Returns whether it has.</summary>
    public async Task<bool> WaitForPublishesAsync(TimeSpan limit)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < limit;)
        {
            if (await stack.QueryAsync("orders_db", "SELECT count(*) FROM outbox") is 0L)
            {
                return true;
            }

            await Task.Delay(Interval);
        }

        return false;
    }

    /// <summary>Kills the broker and starts it with the same data.</summary>
    public async Task CrashBrokerAsync()
    {
        HasLostConnections = true;
        await Broker.KillAsync();
        await Broker.StartAsync();
    }

    /// <summary>
    /// Closes the connections of RabbitMQ while orders are placed, until a sidecar has subscribed several times to a queue whose events lead to
    /// notifications. That usually takes one to three attempts. Returns whether it happened.
    /// </summary>
    public async Task<bool> CloseConnectionsUntilConsumersAreStaleAsync(int attempts = 10)
    {
        HasLostConnections = true;
        using var stop = new CancellationTokenSource();
        var placing = PlaceUntilAsync(stop.Token);
        var isStale = false;
        for (var i = 0; i < attempts && !isStale; i++)
        {
            await Broker.ControlRabbitAsync("close_all_connections", "the test interrupts them");
            await Task.Delay(ReconnectTime);
            isStale = await HasStaleConsumersAsync();
        }

        await stop.CancelAsync();
        await placing;
        return isStale && await HasStaleConsumersAsync(); // Dapr may have reconnected since
    }

    /// <summary>
    /// Waits until every order is notified or a dead letter, or until orders that are placed now are notified and nothing is redelivered any more.
    /// Returns the number of orders that are missing then.
    /// </summary>
    public async Task<int> CountLostAsync(TimeSpan? limit = null)
    {
        // An event of the orders below must not be lost because a subscription does not exist yet.
        await Wait.UntilAsync("notification to be healthy", async () =>
            await RecoveryWatch.ReadHealthAsync(Instance("notification")) is { Status: 200, Failing: [] });
        List<Guid> placed = [.. _placed];
        var last = await PlaceAsync();
        var began = Stopwatch.GetTimestamp();
        long? quietSince = null;
        using var timer = new PeriodicTimer(Interval);
        while (await CountMissingAsync(placed) is > 0 and var missing)
        {
            quietSince ??= await CountMissingAsync(last) == 0 ? Stopwatch.GetTimestamp() : null;
            if (Stopwatch.GetElapsedTime(began) > (limit ?? (IsRabbit ? RabbitLimit : Wait.Limit))
                || (quietSince is { } since && Stopwatch.GetElapsedTime(since) > QuietPeriod && await IsRabbitEmptyAsync()))
            {
                return missing;
            }

            await timer.WaitForNextTickAsync();
        }

        return 0;
    }

    /// <summary>Waits until the number of orders without a notification is 0 or does not change any more, and returns it.</summary>
    public async Task<int> CountWaitingAsync(TimeSpan? settleTime = null)
    {
        var missing = await CountMissingAsync();
        for (var since = Stopwatch.GetTimestamp(); missing > 0 && Stopwatch.GetElapsedTime(since) < (settleTime ?? SettleTime);)
        {
            await Task.Delay(Interval);
            if (await CountMissingAsync() is var now && now != missing)
            {
                (missing, since) = (now, Stopwatch.GetTimestamp());
            }
        }

        return missing;
    }

    private Task<int> CountMissingAsync() => CountMissingAsync(_placed);

    private async Task PlaceUntilAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await PlaceAsync();
            await Task.Delay(Interval, CancellationToken.None);
        }
    }

    /// <summary>Returns whether no event of RabbitMQ waits for its delivery or acknowledgment; true for another broker.</summary>
    private async Task<bool> IsRabbitEmptyAsync() => !IsRabbit || (await ListQueuesAsync("messages")).Values.All(messages => messages == 0);

    private async Task<bool> HasStaleConsumersAsync()
    {
        var consumers = await ListQueuesAsync("consumers");
        return consumers["inventory-order.created"] > 1 || consumers["notification-inventory.updated"] > 1;
    }

    private async Task<IReadOnlyDictionary<string, int>> ListQueuesAsync(string column) =>
        (await Broker.ControlRabbitAsync("list_queues", "name", column, "--no-table-headers"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .ToDictionary(cells => cells[0], cells => int.Parse(cells[1], CultureInfo.InvariantCulture));

    private async Task<int> CountMissingAsync(IReadOnlyCollection<Guid> orders)
    {
        var ids = string.Join(", ", orders.Select(id => $"'{id}'"));
        return (int)(long)(await stack.QueryAsync(
            "notification_db",
            $"""
            SELECT count(*) FROM unnest(ARRAY[{ids}]) AS placed
            WHERE NOT EXISTS (SELECT FROM notifications WHERE order_id = placed::uuid)
            AND NOT EXISTS (SELECT FROM dead_letters WHERE convert_from(body, 'UTF8') LIKE '%' || placed || '%')
            """))!;
    }
}
