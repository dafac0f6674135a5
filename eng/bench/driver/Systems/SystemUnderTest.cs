using System.Diagnostics;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>One of the systems, started with its own durable PostgreSQL and, on Dapr, its own broker, and warmed up.</summary>
internal sealed class SystemUnderTest : IAsyncDisposable
{
    private const int WarmUpClients = 128;

    private static readonly TimeSpan ShortWarmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WarmUpSlice = TimeSpan.FromSeconds(3);

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
    private readonly ProcessGroups _processes;

    private SystemUnderTest(SystemKind kind, StackHost stack, Databases databases, ProcessGroups processes) =>
        (Kind, _stack, Databases, _processes) = (kind, stack, databases, processes);

    public SystemKind Kind { get; }

    public Databases Databases { get; }

    public Uri Gateway => _stack.Gateway.BaseAddress!;

    /// <summary>Starts a system and warms up the routes that are measured.</summary>
    /// <param name="batches">The sizes of the batches that are measured.</param>
    public static async Task<SystemUnderTest> StartAsync(
        SystemKind kind, BenchOptions options, int instances = 1, IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<int>? batches = null)
    {
        var settings = kind is SystemKind.Baseline ? options.Baseline! : options.Stack;
        var stack = new StackHost(
            new StackOptions
            {
                Instead = kind is SystemKind.SaveThenPublish ? new StackProgram("save-then-publish", "DaprOrders.SaveThenPublish")
                    : kind.IsNoOp() ? new StackProgram("no-op", "DaprOrders.NoOp")
                    : null,
                Instances = Usage.Services.Skip(1).ToDictionary(appId => appId, _ => instances),
                Environment = Tuning.Concat(kind.Settings()).Concat(environment ?? new Dictionary<string, string>()).ToDictionary(),
                PostgresSettings = ["track_commit_timestamp=on"], // records when an order was settled and notified
            },
            settings);
        Interruption.Add(stack);
        Databases? databases = null;
        try
        {
            await stack.StartAsync();
            databases = new Databases(stack, kind is SystemKind.SaveThenPublish ? "save_then_publish" : Databases.Public);
            var processes = ProcessGroups.Find(stack, BrokerPort(stack, settings), await databases.FindBackendsAsync());
            var system = new SystemUnderTest(kind, stack, databases, processes);
            await options.Versions.AddAsync(stack, databases);
            await system.WarmUpAsync(options.WarmUp, batches ?? []);
            return system;
        }
        catch
        {
            Interruption.Remove(stack);
            await stack.DisposeAsync();
            if (databases is not null)
            {
                await databases.DisposeAsync();
            }

            throw;
        }
    }

    /// <summary>Places orders with this number of clients, waits until the last order is confirmed and notified, and measures the cost.</summary>
    /// <exception cref="InvalidOperationException">An order was lost, over 1 % were refused or rejected, or they were not handled within three minutes.</exception>
    public Task<Measurement> MeasureAsync(string name, int clients, OrderRequests requests, TimeSpan duration) =>
        MeasureAsync(name, clients, rate: null, () => LoadGenerator.ClosedLoopAsync(Gateway, clients, requests, duration));

    /// <summary>Waits until the system is idle, then places orders at this rate and also measures when each is settled and notified.</summary>
    /// <exception cref="InvalidOperationException">As above.</exception>
    public async Task<Measurement> MeasureAtRateAsync(string name, double perSecond, OrderRequests requests, TimeSpan duration)
    {
        await IdleWait.UntilIdleAsync(_processes);
        return await MeasureAsync(name, clients: 0, perSecond, () => LoadGenerator.OpenLoopAsync(Gateway, perSecond, requests, duration));
    }

    /// <summary>Measures the share of one core that the four idle services use together.</summary>
    public async Task<double> MeasureIdleAsync(TimeSpan duration)
    {
        await using var metering = new Metering(_processes);
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(duration);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var used = await metering.StopAsync();
        return Usage.Services.Sum(appId => used.Cpu[appId].TotalSeconds) / elapsed.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await Databases.DisposeAsync();
        _http.Dispose();
        Interruption.Remove(_stack);
        await _stack.DisposeAsync();
    }

    private static int? BrokerPort(StackHost stack, StackSettings settings) => settings.Runtime is RuntimeKind.Emulator ? null : stack.Broker?.Port ?? settings.Broker switch
    {
        "redis" => 6379,
        "rabbitmq" => 5672,
        _ => 9092,
    };

    private async Task<Measurement> MeasureAsync(string name, int clients, double? rate, Func<Task<LoadResult>> load)
    {
        await Databases.PrepareAsync(hasStock: !Kind.IsNoOp());
        var counter = await CreateCounterAsync();
        var before = await Databases.ReadFiguresAsync();
        await using var metering = new Metering(_processes);
        var started = Stopwatch.GetTimestamp();
        var result = await load();
        var unfinished = await counter.CountUnfinishedAsync(result.Accepted);
        await Completion.WaitAsync(counter, result.Accepted, _stack.Runtime);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var usage = await metering.StopAsync();

        var counts = await counter.CountAsync();
        if (counts.FindProblem(result.Accepted, result.Refused) is { } problem)
        {
            throw new InvalidOperationException($"{Kind.Name()}, {name}: {problem}\n{result.Refusal}\n{_stack.Runtime.Output}");
        }

        var after = await Databases.ReadFiguresAsync();
        var perOrder = 1.0 / result.Accepted;
        return new Measurement
        {
            System = Kind,
            Name = name,
            Clients = clients,
            Rate = rate,
            Orders = result.Accepted,
            AcceptedPerSecond = result.Accepted / result.Duration.TotalSeconds,
            EndToEndPerSecond = result.Accepted / elapsed.TotalSeconds,
            BacklogAtEnd = Math.Max(0, unfinished),
            Latency = await ReadLatencyAsync(counter, result, hasOrders: rate is not null),
            CpuPerOrder = usage.Cpu.ToDictionary(used => used.Key, used => used.Value.TotalMicroseconds * perOrder),
            SwitchesPerOrder = usage.Switches.ToDictionary(used => used.Key, used => used.Value * perOrder),
            PeakRss = usage.PeakRss,
            PerOrder = Kind.IsNoOp() ? new Dictionary<string, double>() : before.ToDictionary(figure => figure.Key, figure => (after[figure.Key] - figure.Value) * perOrder),
            Batches = await counter.ReadBatchesAsync(),
        };
    }

    private static async Task<IReadOnlyDictionary<string, Percentiles>> ReadLatencyAsync(IOrderCounter counter, LoadResult result, bool hasOrders)
    {
        var latency = new Dictionary<string, Percentiles> { [Latencies.Response] = Latencies.OfResponses(result.AcceptedRequests) };
        if (!hasOrders)
        {
            return latency; // with all cores busy, they would only show how long the queues are
        }

        var (times, requests) = await counter.ReadTimesAsync(result.AcceptedRequests);
        return latency.Concat(Latencies.OfOrders(result.StartedAt, requests, times.Settled, times.Notified)).ToDictionary();
    }

    private async Task WarmUpAsync(TimeSpan duration, IReadOnlyList<int> batches)
    {
        // Concurrent orders use the route for groups if there is one, a lone order the route for one. A system that accepts orders faster than it
        // handles them would need minutes for those of a long load, so it gets short ones, and the time in between counts.
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < duration)
        {
            await RunAsync(WarmUpClients, OrderRequests.Single(1000), WarmUpSlice);
        }

        await RunAsync(1, OrderRequests.Single(1000), duration < ShortWarmUp ? duration : ShortWarmUp);
        foreach (var size in batches)
        {
            await RunAsync(1, OrderRequests.Batch(size), ShortWarmUp);
        }

        async Task RunAsync(int clients, OrderRequests requests, TimeSpan time)
        {
            await Databases.PrepareAsync(hasStock: !Kind.IsNoOp());
            var counter = await CreateCounterAsync();
            var result = await LoadGenerator.ClosedLoopAsync(Gateway, clients, requests, time);
            await Completion.WaitAsync(counter, result.Accepted, _stack.Runtime);
        }
    }

    private async Task<IOrderCounter> CreateCounterAsync() => Kind.IsNoOp() ? await NoOpCounter.StartAsync(_stack, _http) : new RowCounter(Databases);
}
