using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>Contains the plans of the tests.</summary>
internal static class Plans
{
    /// <summary>Inflicts every kind of fault that is possible on this machine, with two instances of each service and default settings.</summary>
    public static FaultPlan Full(int seed, int faults, int orders, double ordersPerSecond = 60) => new()
    {
        Seed = seed,
        Faults = faults,
        Orders = orders,
        Kinds = FaultKinds.PossibleIn(FaultEnvironment.Current()),
        Load = new LoadOptions(Clients: 24, OrdersPerSecond: ordersPerSecond),
        SpareApp = "inventory",
        Stack = new StackOptions
        {
            Instances = new Dictionary<string, int>(TwoOfEach) { ["inventory"] = 3 },
            Environment = WarningsOnly,
            DiskMegabytes = DiskInMemory,
        },
    };

    /// <summary>
    /// Gets a plan that inflicts each group of faults once, with short sweep intervals and timeouts. It must be stable on a busy machine, so the
    /// seed selects only instances, durations and order counts.
    /// </summary>
    public static FaultPlan Smoke { get; } = new()
    {
        Seed = 4710,
        Faults = 9,
        IsShuffled = false,
        Pause = TimeSpan.FromSeconds(0.3),
        Kinds =
        [
            ProcessFaults.KillService("order"), NetworkFaults.DeliverTwice, ProcessFaults.KillService("inventory"), NetworkFaults.LoseEvents,
            ProcessFaults.KillService("notification"), NetworkFaults.DropResponses, DatabaseFaults.Crash,
            BrokerFaults.Kill.WhyNot(FaultEnvironment.Current()) is null ? BrokerFaults.Kill : ProcessFaults.KillSidecar("order"),
            ProcessFaults.FreezeFor(TimeSpan.FromSeconds(1.5)),
        ],
        Orders = 800,
        OrdersTimeout = TimeSpan.FromSeconds(60),
        Load = new LoadOptions(Clients: 16, OrdersPerSecond: 60) { OrderTimeout = TimeSpan.FromSeconds(60) },
        IdleTimeout = TimeSpan.FromSeconds(60),
        SweepAfter = TimeSpan.FromSeconds(3),
        Stack = new StackOptions
        {
            Instances = TwoOfEach,
            Environment = QuickSweeps,
            DiskMegabytes = DiskInMemory,
        },
    };

    /// <summary>
    /// Gets a plan with crashes and with duplicate and late deliveries. The sweep does not run during the plan, so a lost event stays lost. Only a
    /// few items are ordered, so that two instances of inventory compete for the same rows. The relays wait for no further events, so that two
    /// of them run at the same time as often as possible.
    /// </summary>
    public static FaultPlan Crashes { get; } = new()
    {
        Seed = 4711,
        Faults = 9,
        Kinds =
        [
            NetworkFaults.DeliverTwice, NetworkFaults.DelayOf("order"), NetworkFaults.ResetOf("order"), NetworkFaults.ResetOf("inventory"),
            ProcessFaults.KillSidecar("order"), ProcessFaults.KillService("inventory"), ProcessFaults.KillService("notification"),
            ProcessFaults.KillService("order"), DatabaseFaults.Crash,
        ],
        Load = new LoadOptions(Clients: 32, OrdersPerSecond: 150, Items: 3),
        IdleTimeout = TimeSpan.FromSeconds(60),
        QuietPeriod = TimeSpan.FromSeconds(6),
        NeedsDuplicates = false,
        SweepAfter = TimeSpan.FromHours(1),
        Stack = new StackOptions
        {
            Instances = new Dictionary<string, int> { ["order"] = 2, ["inventory"] = 2 },
            Environment = new Dictionary<string, string>(WarningsOnly) { ["Sweep__After"] = "01:00:00", ["Messaging__BatchDelay"] = "00:00:00" },
        },
    };

    /// <summary>Gets a plan in which the broker loses events and a frequent sweep republishes them.</summary>
    public static FaultPlan Losses { get; } = new()
    {
        Seed = 4712,
        Faults = 6, // a few events must be lost on each way
        Kinds = [NetworkFaults.LoseEvents],
        Load = new LoadOptions(Clients: 16, OrdersPerSecond: 100),
        IdleTimeout = TimeSpan.FromSeconds(60),
        QuietPeriod = TimeSpan.FromSeconds(15),
        NeedsDuplicates = false,
        SweepAfter = TimeSpan.FromSeconds(3),
        Stack = new StackOptions
        {
            Environment = QuickSweeps,
        },
    };

    private static int? DiskInMemory => Environment.IsPrivilegedProcess ? 600 : null;

    private static Dictionary<string, int> TwoOfEach => new() { ["order"] = 2, ["inventory"] = 2, ["notification"] = 2 };

    /// <summary>Gets the environment that logs only warnings, because logging every step would take longer than the step itself.</summary>
    private static Dictionary<string, string> WarningsOnly => new() { ["Serilog__MinimumLevel__Default"] = "Warning" };

    private static Dictionary<string, string> QuickSweeps => new(WarningsOnly)
    {
        ["Sweep__After"] = "00:00:03",
        ["Sweep__Interval"] = "00:00:01",
        ["Reservations__RepeatAfter"] = "00:00:02",
    };
}
