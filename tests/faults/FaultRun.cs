using System.Diagnostics;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests;

/// <summary>Describes a run. Runs with the same seed inflict the same faults in the same order.</summary>
internal sealed record FaultPlan
{
    public required int Seed { get; init; }

    /// <summary>Gets the number of faults. Each kind is inflicted once, then kinds are chosen at random.</summary>
    public required int Faults { get; init; }

    public required IReadOnlyList<FaultKind> Kinds { get; init; }

    /// <summary>Gets whether the kinds are shuffled; otherwise they are inflicted in the order of <see cref="Kinds"/>.</summary>
    public bool IsShuffled { get; init; } = true;

    /// <summary>Gets how often a kind is repeated until it hits an order in flight. A fault that hits no order proves nothing.</summary>
    public int MaxRepetitions { get; init; }

    public required LoadOptions Load { get; init; }

    /// <summary>Gets the minimum number of orders. The clients continue after the last fault until it is reached.</summary>
    public int Orders { get; init; }

    /// <summary>Gets how long the clients may take after the last fault to reach <see cref="Orders"/>.</summary>
    public TimeSpan OrdersTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets how long the system may take to become idle.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>
    /// Gets how long nothing may change before the system counts as idle although orders are incomplete. If it is null, the run waits until all
    /// orders are complete, because a sweep can still republish events.
    /// </summary>
    public TimeSpan? QuietPeriod { get; init; }

    /// <summary>Gets whether each consumer must receive at least one duplicate.</summary>
    public bool NeedsDuplicates { get; init; } = true;

    /// <summary>Gets whether events may become dead letters, because a fault makes their handler fail.</summary>
    public bool AllowsDeadLetters { get; init; }

    /// <summary>Gets how long an order may wait for its reservation; null if it is not checked.</summary>
    public TimeSpan? ReservationLimit { get; init; }

    public StackOptions Stack { get; init; } = new();

    public TimeSpan SweepAfter { get; init; } = TimeSpan.FromSeconds(30);

    public List<FaultKind> Sequence()
    {
        var random = new Random(Seed);
        var first = Kinds.ToArray();
        if (IsShuffled)
        {
            random.Shuffle(first);
        }

        return [.. first.Concat(Enumerable.Range(0, Math.Max(0, Faults - first.Length)).Select(_ => Kinds[random.Next(Kinds.Count)])).Take(Faults)];
    }
}

/// <summary>The result of a run.</summary>
internal sealed record FaultRunResult
{
    public required int Seed { get; init; }

    public required IReadOnlyDictionary<string, int> FaultsByKind { get; init; }

    /// <summary>Gets the number of faults of each kind that were inflicted while an order was in flight.</summary>
    public required IReadOnlyDictionary<string, int> HitsByKind { get; init; }

    public required int Orders { get; init; }

    public required IReadOnlyDictionary<string, int> Duplicates { get; init; }

    public required int LostEvents { get; init; }

    /// <summary>Gets the number of orders and lists that clients read. Without them the histories prove nothing.</summary>
    public (int Orders, int Lists) Reads { get; init; }

    public required IReadOnlyList<Violation> Violations { get; init; }

    /// <summary>Gets the instances that subscribe to events but handled none.</summary>
    public IReadOnlyList<AppInstance> IdleConsumers { get; init; } = [];

    public required TimeSpan TimeToIdle { get; init; }

    public required TimeSpan Duration { get; init; }

    public int Faults => FaultsByKind.Values.Sum();

    public override string ToString() =>
        $"seed {Seed}: {Faults} faults, {Orders} orders, {Duplicates.Values.Sum()} duplicates, {LostEvents} events lost, "
        + $"{Reads.Orders} orders and {Reads.Lists} lists read, "
        + $"{Violations.Count} violations, {TimeToIdle.TotalSeconds:F0} s until idle, {Duration.TotalSeconds:F0} s in total"
        + string.Concat(Violations.Select(violation => $"\n  {violation}"));
}

/// <summary>Runs a plan: starts the system, places orders, inflicts faults, waits until the system is idle, and checks the invariants.</summary>
internal static class FaultRun
{
    /// <summary>Enough orders to reach every partition of the topics.</summary>
    private const int LastOrders = 16;

    private static readonly TimeSpan PauseBetweenFaults = TimeSpan.FromMilliseconds(400);

    public static async Task<FaultRunResult> RunAsync(FaultPlan plan, Action<string> log)
    {
        var began = Stopwatch.GetTimestamp();
        await using var stack = new StackHost(plan.Stack with { IsProxied = true });
        var randomSources = new RandomSources(plan.Seed);
        await using var proxy = await FaultyProxy.StartAsync(stack.Instances, randomSources);
        await stack.StartAsync();
        await CreateScarceItemAsync(stack);
        log($"seed {plan.Seed}: the system is ready after {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");

        var since = DateTimeOffset.UtcNow;
        var ledger = new Ledger();
        using var clients = new Clients(stack.Gateway.BaseAddress!, plan.Load, ledger, randomSources);
        await using var sequences = new SequenceWriter(stack.ConnectionString("orders_db"), plan.SweepAfter, ledger, randomSources.For("sequences"));
        for (var i = 0; i < SequenceWriter.Keys; i++)
        {
            proxy.Traffic.Watch(SequenceWriter.KeyOf(i));
        }

        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(clients.RunAsync(stop.Token), sequences.RunAsync(stop.Token));
        var (faults, hits) = await InflictAsync(plan, new FaultContext(stack, proxy, randomSources.For("faults")), ledger, log);
        await Wait.UntilAsync($"{plan.Orders} acknowledged orders", () => ledger.Acknowledged.Count >= plan.Orders, plan.OrdersTimeout);
        await stop.CancelAsync();
        await load;

        await stack.UntilReadyAsync();
        if (plan.QuietPeriod is not null)
        {
            await IdleSystem.WaitUntilNotifiedAsync(stack, await clients.OrderAsync(LastOrders), plan.IdleTimeout);
        }

        var timeToIdle = await IdleSystem.WaitAsync(stack, plan.IdleTimeout, plan.QuietPeriod);
        var snapshot = await Snapshot.ReadAsync(stack, since);
        var violations = Invariants.Check(snapshot, new Observations
        {
            Ledger = ledger,
            Poison = plan.AllowsDeadLetters ? snapshot.DeadLetters.Select(letter => letter.EventId).ToHashSet() : [],
            ReservationLimit = plan.ReservationLimit,
            Duplicates = plan.NeedsDuplicates ? proxy.Traffic.Duplicates : null,
            Written = Enumerable.Range(0, SequenceWriter.Keys).ToDictionary(SequenceWriter.KeyOf, i => sequences.Written[i]),
            Published = proxy.Traffic.PublishOrder.ToDictionary(key => key.Key, key => (IReadOnlyList<string>)key.Value),
        });
        var result = new FaultRunResult
        {
            Seed = plan.Seed,
            FaultsByKind = faults,
            HitsByKind = hits,
            Orders = snapshot.Orders.Count,
            Duplicates = proxy.Traffic.Duplicates,
            LostEvents = proxy.Traffic.LostEvents,
            Reads = ledger.CountReads(),
            Violations = violations,
            IdleConsumers = [.. stack.Instances.Where(instance => Invariants.Consumers.Contains(instance.AppId)).Except(proxy.Traffic.Consumers)],
            TimeToIdle = timeToIdle,
            Duration = Stopwatch.GetElapsedTime(began),
        };
        log($"{result}");
        if (violations.Count > 0)
        {
            log(stack.Runtime.Output);
        }

        return result;
    }

    private static async Task<(Dictionary<string, int> Faults, Dictionary<string, int> Hits)> InflictAsync(
        FaultPlan plan, FaultContext context, Ledger ledger, Action<string> log)
    {
        var faults = plan.Kinds.ToDictionary(kind => kind.Name, _ => 0);
        var hits = plan.Kinds.ToDictionary(kind => kind.Name, _ => 0);
        foreach (var kind in plan.Sequence())
        {
            await InflictOneAsync(kind);
        }

        foreach (var kind in plan.Kinds)
        {
            for (var i = 0; i < plan.MaxRepetitions && hits[kind.Name] == 0; i++)
            {
                await InflictOneAsync(kind);
            }
        }

        return (faults, hits);

        async Task InflictOneAsync(FaultKind kind)
        {
            var isHit = await IsOrderInFlightAsync(context.Stack, ledger);
            var began = Stopwatch.GetTimestamp();
            await kind.InflictAsync(context);
            log($"  {kind}{(isHit ? "" : " (no order was in flight)")}: {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s, {ledger.Acknowledged.Count} orders");
            faults[kind.Name]++;
            hits[kind.Name] += isHit ? 1 : 0;
            await Task.Delay(PauseBetweenFaults);
        }
    }

    /// <summary>Waits briefly for an order in flight, which is an open request or a pending order.</summary>
    private static async Task<bool> IsOrderInFlightAsync(StackHost stack, Ledger ledger)
    {
        for (var i = 0; i < 50; i++)
        {
            if (ledger.InProgress > 0 || await HasPendingAsync(stack))
            {
                return true;
            }

            await Task.Delay(5);
        }

        return false;
    }

    private static async Task<bool> HasPendingAsync(StackHost stack)
    {
        try
        {
            return (bool)(await stack.QueryAsync("orders_db", "SELECT EXISTS (SELECT FROM orders WHERE status = 'pending')"))!;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static async Task CreateScarceItemAsync(StackHost stack) => await stack.QueryAsync(
        "inventory_db", $"INSERT INTO stock (item_id, initial, available) VALUES ('{LoadOptions.ScarceItem}', 100, 100)");
}
