using System.Diagnostics;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests;

/// <summary>Runs a plan: starts the system, places orders, inflicts faults, waits until the system is idle, and checks the invariants.</summary>
internal static class FaultRun
{
    /// <summary>Enough orders to reach every partition of the topics.</summary>
    private const int LastOrders = 16;

    private static readonly TimeSpan InFlightTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RepairTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LoadTimeout = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <exception cref="TimeoutException">The system did not recover from a fault. The message contains the output of the system.</exception>
    public static async Task<FaultRunResult> RunAsync(FaultPlan plan, Action<string> log)
    {
        var began = Stopwatch.GetTimestamp();
        var schedule = FaultSchedule.Create(plan);
        var randomSources = new RandomSources(plan.Seed);
        log($"seed {plan.Seed}: schedule {schedule.Hash}");

        using var upgrade = await OrderUpgrade.PrepareAsync(plan);
        await using var brokerProxies = new BrokerProxies(Invariants.Consumers);
        await using var stack = new StackHost(plan.Stack with
        {
            IsProxied = true,
            BrokerProxies = brokerProxies.Ports,
            Builds = upgrade is null ? plan.Stack.Builds : new Dictionary<string, string>(plan.Stack.Builds) { [OrderUpgrade.AppId] = upgrade.Folder },
        });
        await using var proxy = await FaultyProxy.StartAsync(stack.Instances, randomSources);
        await stack.PrepareAsync();
        brokerProxies.Connect(stack.Broker);
        await stack.Runtime.StartAsync();
        await stack.UntilReadyAsync().WaitAsync(Cancel);
        if (plan.Targets.Spare is { } spare)
        {
            await stack.Runtime.StopAsync(stack.Instances.Single(instance => $"{instance}" == spare));
        }

        await CreateScarceItemAsync(stack);
        log($"seed {plan.Seed}: the system is ready after {Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s");

        var since = DateTimeOffset.UtcNow;
        var ledger = new Ledger();
        var context = new FaultContext(stack, proxy, FaultyBroker.Of(stack, brokerProxies), ledger, plan.Targets, upgrade);
        using var clients = new Clients(stack.Gateway.BaseAddress!, plan.Load, ledger, randomSources);
        await using var sequences = new SequenceWriter(stack.ConnectionString("orders_db"), plan.SweepAfter, ledger, randomSources.For("sequences"));
        for (var i = 0; i < SequenceWriter.Keys; i++)
        {
            proxy.Traffic.Watch(SequenceWriter.KeyOf(i));
        }

        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(clients.RunAsync(stop.Token), sequences.RunAsync(stop.Token));
        List<InflictedFault> faults;
        try
        {
            faults = await InflictAsync(plan, schedule, context, log).WaitAsync(Cancel);
            await RecoveryWatch.UntilOrdersAsync(ledger, plan.Orders, plan.OrdersTimeout).WaitAsync(Cancel);
        }
        catch (Exception e) when (e is TimeoutException or StackException)
        {
            throw new TimeoutException($"{e.Message}\n{stack.Runtime.Output}", e);
        }
        finally
        {
            await stop.CancelAsync();
        }

        await load.WaitAsync(LoadTimeout, Cancel);

        await RecoveryWatch.UntilReadyAsync(context.Running).WaitAsync(Cancel);
        if (plan.QuietPeriod is not null)
        {
            await IdleSystem.WaitUntilNotifiedAsync(stack, await clients.OrderAsync(LastOrders), plan.IdleTimeout);
        }

        var timeToIdle = await IdleSystem.WaitAsync(stack, plan.IdleTimeout, plan.QuietPeriod).WaitAsync(Cancel);
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
        var settings = StackSettings.FromEnvironment();
        var result = new FaultRunResult
        {
            Seed = plan.Seed,
            Runtime = settings.Runtime,
            Broker = settings.Broker,
            Versions = await VersionsOf(stack, settings),
            ScheduleHash = schedule.Hash,
            Faults = faults,
            Orders = snapshot.Orders.Count,
            Duplicates = proxy.Traffic.Duplicates,
            LostEvents = proxy.Traffic.LostEvents,
            Reads = ledger.CountReads(),
            Violations = [.. context.Violations, .. violations],
            IdleConsumers = [.. context.Running.Where(instance => Invariants.Consumers.Contains(instance.AppId)).Except(proxy.Traffic.Consumers)],
            TimeToIdle = timeToIdle,
            Duration = Stopwatch.GetElapsedTime(began),
        };
        log($"{result}");
        if (result.Violations.Count > 0)
        {
            log(stack.Runtime.Output);
        }

        return result;
    }

    private static async Task<List<InflictedFault>> InflictAsync(FaultPlan plan, FaultSchedule schedule, FaultContext context, Action<string> log)
    {
        var inflicted = new List<InflictedFault>();
        var duringFaults = 0;
        foreach (var fault in schedule.Faults)
        {
            await RecoveryWatch.UntilOrdersAsync(context.Ledger, fault.AtOrders + duringFaults, plan.RecoveryTimeout);
            var orders = RecoveryWatch.CountOrders(context.Ledger);
            inflicted.Add(await InflictAsync(plan, fault, orders - duringFaults, context));
            duringFaults += RecoveryWatch.CountOrders(context.Ledger) - orders;
            log($"  {inflicted[^1]}");
        }

        return inflicted;
    }

    private static async Task<InflictedFault> InflictAsync(FaultPlan plan, ScheduledFault fault, int atOrders, FaultContext context)
    {
        var hit = await WaitForOrderInFlightAsync(context);
        var (duplicates, lost) = (context.Proxy.Traffic.Duplicates.Values.Sum(), context.Proxy.Traffic.LostEvents);
        var began = Stopwatch.GetTimestamp();
        try
        {
            await fault.Kind.InflictAsync(context, fault.Parameters).WaitAsync(fault.Parameters.Duration + RepairTimeout);
            var duration = Stopwatch.GetElapsedTime(began);
            var recovery = await RecoveryWatch.WaitAsync(context.Running, context.Ledger, plan.RecoveryTimeout);
            return new InflictedFault(
                fault, atOrders, hit, context.Proxy.Traffic.Duplicates.Values.Sum() - duplicates, context.Proxy.Traffic.LostEvents - lost, duration, recovery);
        }
        catch (Exception e) when (e is TimeoutException or StackException or InvalidOperationException)
        {
            throw new TimeoutException($"The system did not recover from fault {fault}: {e.Message}", e);
        }
    }

    /// <summary>Waits until an order is in flight, which is an open request or a pending order, for at most 10 s.</summary>
    private static async Task<InFlight> WaitForOrderInFlightAsync(FaultContext context)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var now = await ReadInFlightAsync(context);
            if (now.HasOrders || Stopwatch.GetElapsedTime(began) > InFlightTimeout)
            {
                return now;
            }

            await Task.Delay(5);
        }
    }

    private static async Task<InFlight> ReadInFlightAsync(FaultContext context)
    {
        try
        {
            var pending = (long)(await context.Stack.QueryAsync("orders_db", "SELECT count(*) FROM orders WHERE status = 'pending'"))!;
            var events = (long)(await context.Stack.QueryAsync("orders_db", "SELECT count(*) FROM outbox"))!;
            return new InFlight(context.Ledger.InProgress, pending, events);
        }
        catch (NpgsqlException)
        {
            return new InFlight(context.Ledger.InProgress, 0, 0); // PostgreSQL is still recovering
        }
    }

    private static async Task<string> VersionsOf(StackHost stack, StackSettings settings)
    {
        var runtime = settings.Runtime is RuntimeKind.Dapr
            ? $"Dapr {(await ProcessRunner.RunAsync(["daprd", "--version"], AppContext.BaseDirectory, TimeSpan.FromSeconds(10), null, CancellationToken.None)).Output.Trim()}"
            : null;
        var broker = stack.Broker is { } host ? $"{settings.Broker} {await host.ReadVersionAsync()}" : null;
        var postgres = $"{await stack.QueryAsync("orders_db", "SHOW server_version")}".Split(' ')[0];
        return string.Join(", ", new[] { runtime, broker, $"PostgreSQL {postgres}", $".NET {Environment.Version}" }.OfType<string>());
    }

    private static async Task CreateScarceItemAsync(StackHost stack) => await stack.QueryAsync(
        "inventory_db", $"INSERT INTO stock (item_id, initial, available) VALUES ('{LoadOptions.ScarceItem}', 100, 100)");
}
