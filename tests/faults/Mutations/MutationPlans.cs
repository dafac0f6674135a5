using System.Text;
using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>Contains the plans that reveal mistakes which <see cref="Plans.Crashes"/> and <see cref="Plans.Losses"/> do not reveal, or only slowly.</summary>
internal static class MutationPlans
{
    /// <summary>The longest freeze. PostgreSQL ends the transaction of a frozen process after 10 s.</summary>
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(32);

    private const int DeadLetterCount = 3;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Longer than the proxy delays a request, and than a relay keeps its lock otherwise.</summary>
    private static readonly TimeSpan LockProof = TimeSpan.FromSeconds(1.5);

    /// <summary>Makes the reservations of one item fail in the database until some events have become dead letters.</summary>
    private static readonly FaultKind FailHandler = new()
    {
        Name = "reservations of one item fail",
        Draw = Draws.Everything(0, 0),
        InflictAsync = async (context, _) =>
        {
            var before = await CountDeadLettersAsync(context.Stack);
            await context.Stack.ExecuteAsOwnerAsync("inventory_db", HandlerThrows);
            await Wait.UntilAsync("dead letters", async () =>
            {
                await Task.Delay(Interval);
                return await CountDeadLettersAsync(context.Stack) >= before + DeadLetterCount;
            });
            await context.Stack.ExecuteAsOwnerAsync("inventory_db", "DROP TRIGGER throws ON reservations; DROP FUNCTION throws");
        },
    };

    /// <summary>Publishes an event whose data cannot be read.</summary>
    private static readonly FaultKind PublishUnreadable = new()
    {
        Name = "event that cannot be read",
        Draw = Draws.Everything(0, 0),
        InflictAsync = async (context, _) =>
        {
            var port = context.Stack.Instances.First(instance => instance.AppId == "order").SidecarPort; // only order may publish to the topic
            using var content = new StringContent("""{"order_id":"unreadable"}""", Encoding.UTF8, "application/json");
            using var response = await context.Stack.Gateway.PostAsync(new Uri($"http://127.0.0.1:{port}/v1.0/publish/pubsub/order.created"), content);
            response.EnsureSuccessStatusCode();
        },
    };

    /// <summary>Freezes an instance of order whose relay holds the lock, until another relay publishes events.</summary>
    private static readonly FaultKind FreezeRelay = new()
    {
        Name = "SIGSTOP of order while its relay holds the lock",
        Draw = Draws.InstanceOf("order", 0.1, 0.5),
        InflictAsync = async (context, parameters) =>
        {
            var instance = context.Instance(parameters.Target);
            await FreezeWithLockAsync(context, instance, parameters.Duration);
            await UntilReservedAsync(context.Stack, await NowAsync(context.Stack));
            await context.Stack.Runtime.SignalAsync(instance, Signal.Continue);
        },
    };

    /// <summary>Gets a plan with duplicate deliveries, for mistakes that need no crash.</summary>
    public static FaultPlan Duplicates { get; } = Plans.Crashes with
    {
        Seed = 4713,
        Faults = 2,
        Kinds = [NetworkFaults.DeliverTwice],
        Orders = 900,
    };

    /// <summary>Gets a plan with so many concurrent orders that the gateway sends most of them in groups.</summary>
    public static FaultPlan Groups { get; } = Duplicates with
    {
        Seed = 4717,
        Load = new LoadOptions(Clients: 64, OrdersPerSecond: 400, Items: 3),
    };

    /// <summary>Gets a plan in which events become dead letters, and a frequent sweep republishes them after their cause is removed.</summary>
    public static FaultPlan DeadLetters { get; } = Plans.Losses with
    {
        Seed = 4714,
        Faults = 1,
        Kinds = [FailHandler],
        AllowsDeadLetters = true,
        QuietPeriod = TimeSpan.FromSeconds(25), // longer than the time between two sweeps of an order
    };

    /// <summary>Gets a plan with an event that cannot be read. It blocks its partition if it is not stored as a dead letter.</summary>
    public static FaultPlan Unreadable { get; } = Plans.Losses with
    {
        Seed = 4716,
        Faults = 1,
        Kinds = [PublishUnreadable],
        AllowsDeadLetters = true,
    };

    /// <summary>Gets a plan that freezes the relay that holds the lock. The other relay must not wait until the process continues.</summary>
    public static FaultPlan FrozenRelay { get; } = Plans.Crashes with
    {
        Seed = 4715,
        Faults = 1,
        Kinds = [FreezeRelay],
        Load = new LoadOptions(Clients: 16, OrdersPerSecond: 50),
        ReservationLimit = TimeSpan.FromSeconds(22),
        Stack = Plans.Crashes.Stack with { Instances = new Dictionary<string, int> { ["order"] = 2 } },
    };

    private const string HandlerThrows =
        $"""
        CREATE FUNCTION throws() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'poison'; END $$;
        CREATE TRIGGER throws BEFORE INSERT ON reservations FOR EACH ROW WHEN (NEW.item_id = '{LoadOptions.ScarceItem}') EXECUTE FUNCTION throws();
        """;

    private static async Task<long> CountDeadLettersAsync(StackHost stack) =>
        (long)(await stack.QueryAsync("inventory_db", "SELECT count(*) FROM dead_letters"))!;

    /// <summary>
    /// Delays the requests of the instance, so that its relay has probably the lock when it is frozen. Repeats that until it has the lock.
    /// </summary>
    private static Task FreezeWithLockAsync(FaultContext context, AppInstance instance, TimeSpan delay) => Wait.UntilAsync($"{instance} to have the relay's lock", async () =>
    {
        var link = context.Proxy.Links.Single(link => link.Instance == instance && !link.IsToApp);
        link.Fault = LinkFault.Delay;
        await Task.Delay(delay);
        await context.Stack.Runtime.SignalAsync(instance, Signal.Freeze);
        link.Fault = LinkFault.None;
        var holder = await FindLockHolderAsync(context.Stack);
        await Task.Delay(LockProof);
        if (holder is not null && holder == await FindLockHolderAsync(context.Stack))
        {
            return true;
        }

        await context.Stack.Runtime.SignalAsync(instance, Signal.Continue);
        return false;
    });

    /// <summary>Returns the process and the start of the transaction that holds the relay's lock.</summary>
    private static async Task<string?> FindLockHolderAsync(StackHost stack) => (string?)await stack.QueryAsync(
        "orders_db",
        """
        SELECT format('%s %s', pid, xact_start) FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND granted AND datname = current_database() AND application_name = 'outbox relay'
        """);

    /// <summary>Waits until an order that was placed after <paramref name="time"/> has a reservation, but no longer than <see cref="FreezeLimit"/>.</summary>
    private static async Task UntilReservedAsync(StackHost stack, DateTime time)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < FreezeLimit
            && await stack.QueryAsync("inventory_db", $"SELECT EXISTS (SELECT FROM reservations WHERE created_at > '{time.AddSeconds(2):O}')") is false)
        {
            await Task.Delay(Interval);
        }
    }

    private static async Task<DateTime> NowAsync(StackHost stack) => (DateTime)(await stack.QueryAsync("orders_db", "SELECT clock_timestamp()"))!;
}
