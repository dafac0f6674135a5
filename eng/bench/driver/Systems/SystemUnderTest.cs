using System.Diagnostics;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;
using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>One of the systems, started with its own durable PostgreSQL and warmed up.</summary>
internal sealed class SystemUnderTest : IAsyncDisposable
{
    /// <summary>The stock of every item. It is far more than any load uses, so that no order is rejected.</summary>
    private const int Stock = 1_000_000_000;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Settings for few cores, the same for all systems: small heaps, no profile-guided recompilation, and threads that sleep instead of spinning.
    /// The log has one line per batch, as outside Development.
    /// </summary>
    private static readonly Dictionary<string, string> Tuning = new()
    {
        ["DOTNET_gcServer"] = "0",
        ["DOTNET_TieredPGO"] = "0",
        ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0",
        ["Serilog__MinimumLevel__Default"] = "Information",
    };

    private readonly HttpClient _http = new();
    private readonly StackHost _stack;
    private readonly int? _broker;
    private NpgsqlDataSource? _orders;
    private NpgsqlDataSource? _inventory;
    private NpgsqlDataSource? _notifications;

    private SystemUnderTest(SystemKind kind, StackHost stack, int? broker) => (Kind, _stack, _broker) = (kind, stack, broker);

    public SystemKind Kind { get; }

    public Uri Gateway => _stack.Gateway.BaseAddress!;

    private string Schema => Kind is SystemKind.SaveThenPublish ? "save_then_publish" : "public";

    public static async Task<SystemUnderTest> StartAsync(
        SystemKind kind, BenchOptions options, int instances = 1, IReadOnlyDictionary<string, string>? environment = null)
    {
        var stack = new StackHost(
            new StackOptions
            {
                Instead = kind switch
                {
                    SystemKind.NoOp => new StackProgram("no-op", "DaprOrders.NoOp"),
                    SystemKind.SaveThenPublish => new StackProgram("save-then-publish", "DaprOrders.SaveThenPublish"),
                    _ => null,
                },
                Instances = Usage.Services.Skip(1).ToDictionary(appId => appId, _ => instances),
                Environment = Tuning.Concat(environment ?? new Dictionary<string, string>()).ToDictionary(),
                PostgresSettings = ["track_commit_timestamp=on"], // records when a notification was committed
            },
            options.Stack);
        var system = new SystemUnderTest(kind, stack, options.Stack.Runtime is RuntimeKind.Dapr ? Platform.Current.ListenerOn(BrokerPort(options.Stack.Broker)) : null);
        Interruption.Add(stack);
        try
        {
            await stack.StartAsync();
            system._orders = NpgsqlDataSource.Create(stack.OwnerConnectionString("orders_db"));
            system._inventory = NpgsqlDataSource.Create(stack.OwnerConnectionString("inventory_db"));
            system._notifications = NpgsqlDataSource.Create(stack.OwnerConnectionString("notification_db"));
            await system.WarmUpAsync(options.WarmUp);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Places orders with this number of clients, waits until the last order is confirmed and notified, and measures the cost.</summary>
    /// <exception cref="InvalidOperationException">An order was lost, over 1 % were refused or rejected, or they were not handled within a minute.</exception>
    public async Task<Measurement> MeasureAsync(string name, int clients, OrderBodies bodies, TimeSpan duration)
    {
        await ResetStockAsync();
        var counter = await CreateCounterAsync();
        using var load = new Clients(Gateway, clients);
        var before = Usage.Read(_stack, _broker);
        var started = Stopwatch.GetTimestamp();
        var result = await load.ClosedLoopAsync(clients, bodies, duration);
        var unfinished = await counter.CountUnfinishedAsync(result.Accepted);
        await UntilDoneAsync(counter, result.Accepted);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var after = Usage.Read(_stack, _broker);
        Require(result.Accepted, result.Refused, await counter.CountAsync());

        return new Measurement
        {
            System = Kind,
            Name = name,
            Clients = clients,
            Orders = result.Accepted,
            AcceptedPerSecond = result.Accepted / result.Duration.TotalSeconds,
            EndToEndPerSecond = result.Accepted / elapsed.TotalSeconds,
            BacklogAtEnd = Math.Max(0, unfinished),
            PostP50 = Latencies.Percentile(result.Milliseconds, 50),
            PostP99 = Latencies.Percentile(result.Milliseconds, 99),
            CpuPerOrder = after.Since(before).ToDictionary(used => used.Key, used => used.Value.TotalMicroseconds / result.Accepted),
            PeakRss = after.PeakRss,
        };
    }

    /// <summary>Places orders at this rate, and measures the time from each response to the commit of its notification.</summary>
    public async Task<Steady> MeasureSteadyAsync(int perSecond, TimeSpan duration)
    {
        await ResetStockAsync();
        var counter = await CreateCounterAsync();
        using var load = new Clients(Gateway, 128);
        var accepted = await load.SteadyAsync(perSecond, OrderBodies.Single(1000), duration);
        await UntilDoneAsync(counter, accepted.Count);
        Require(accepted.Count, (int)(perSecond * duration.TotalSeconds) - accepted.Count, await counter.CountAsync());
        var notified = await counter.NotifiedAsync();

        // The no-op system has no ids, so the n-th accepted order is matched with the n-th notified order.
        var keyed = Kind is SystemKind.NoOp
            ? accepted.OrderBy(order => order.At).Select((order, place) => (Order: $"{place}", order.At))
            : accepted;
        var milliseconds = keyed.Where(order => notified.ContainsKey(order.Order))
            .Select(order => (notified[order.Order] - order.At).TotalMilliseconds).ToList();
        return new Steady(Kind, perSecond, accepted.Count, Latencies.Percentile(milliseconds, 50), Latencies.Percentile(milliseconds, 99));
    }

    /// <summary>Measures the share of one core that the four idle services use together.</summary>
    public async Task<double> MeasureIdleAsync(TimeSpan duration)
    {
        var before = Usage.Read(_stack, _broker);
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(duration);
        var used = Usage.Read(_stack, _broker).Since(before);
        return Usage.Services.Sum(appId => used[appId].TotalSeconds) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    /// <summary>Inserts the rows of orders that were settled long ago.</summary>
    public async Task AddOldRowsAsync(int rows)
    {
        await OldRows.AddOrdersAsync(_orders!, rows);
        await OldRows.AddReservationsAsync(_inventory!, rows);
        await OldRows.AddNotificationsAsync(_notifications!, rows);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var source in new[] { _orders, _inventory, _notifications })
        {
            if (source is not null)
            {
                await source.DisposeAsync();
            }
        }

        _http.Dispose();
        Interruption.Remove(_stack);
        await _stack.DisposeAsync();
    }

    private static int BrokerPort(string broker) => broker switch
    {
        "redis" => 6379,
        "rabbitmq" => 5672,
        _ => 9092,
    };

    private async Task WarmUpAsync(TimeSpan duration)
    {
        await ResetStockAsync();
        var counter = await CreateCounterAsync();
        using var load = new Clients(Gateway, 128);
        var result = await load.ClosedLoopAsync(128, OrderBodies.Single(1000), duration);
        await UntilDoneAsync(counter, result.Accepted);
    }

    private async Task ResetStockAsync()
    {
        if (Kind is not SystemKind.NoOp)
        {
            await using var command = _inventory!.CreateCommand($"UPDATE {Schema}.stock SET initial = {Stock}, available = {Stock}");
            await command.ExecuteNonQueryAsync();
        }
    }

    private async Task<IOrderCounter> CreateCounterAsync() => Kind is SystemKind.NoOp
        ? await NoOpCounter.StartAsync(_stack, _http)
        : new RowCounter(_orders!, _notifications!, Schema);

    private async Task UntilDoneAsync(IOrderCounter counter, int accepted)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await counter.IsDoneAsync(accepted))
        {
            if (Stopwatch.GetElapsedTime(started) > Timeout)
            {
                throw new InvalidOperationException($"{Kind}: {accepted} orders were accepted, but these were counted a minute later: {await counter.CountAsync()}.\n{_stack.Runtime.Output}");
            }

            await timer.WaitForNextTickAsync();
        }
    }

    private void Require(int accepted, int refused, Counts counts)
    {
        if (counts.FindProblem(accepted, refused) is { } problem)
        {
            throw new InvalidOperationException($"{Kind}: {problem}\n{_stack.Runtime.Output}");
        }
    }
}
