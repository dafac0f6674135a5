using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Testing.Stack;

namespace DaprOrders.Faults.Tests;

/// <summary>The runs that are worth making.</summary>
internal static class Plans
{
    /// <summary>Every kind of fault that is possible here, two instances of each service, everything set as it is in production.</summary>
    public static FaultPlan Full(int seed, int faults, int orders, double ordersPerSecond = 60) => new()
    {
        Seed = seed,
        Faults = faults,
        Orders = orders,
        Kinds = FaultKinds.Possible(StackSettings.FromEnvironment().Runtime is RuntimeKind.Embedded),
        Load = new LoadOptions(Clients: 24, OrdersPerSecond: ordersPerSecond),
        Stack = new StackOptions
        {
            Instances = new Dictionary<string, int> { ["order"] = 2, ["inventory"] = 2, ["notification"] = 2 },
            Environment = Quietly,
            DiskMegabytes = FaultKinds.CanMount ? 600 : null,
        },
    };

    /// <summary>
    /// Crashes, repeated and late deliveries, and nobody who heals: the sweep comes too late for this run, so what is lost stays lost. A few
    /// items for many orders, so that two instances of inventory want the same rows; and relays that let nothing gather, so that two of them are
    /// at work at once as often as can be.
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
        RestLimit = TimeSpan.FromSeconds(60),
        Quiet = TimeSpan.FromSeconds(6),
        NeedsDuplicates = false,
        SweepAfter = TimeSpan.FromHours(1),
        Stack = new StackOptions
        {
            Instances = new Dictionary<string, int> { ["order"] = 2, ["inventory"] = 2 },
            Environment = new Dictionary<string, string>(Quietly) { ["Sweep__After"] = "01:00:00", ["Messaging__GatherTime"] = "00:00:00" },
        },
    };

    /// <summary>The broker loses events, and a quick sweep heals that.</summary>
    public static FaultPlan Losses { get; } = new()
    {
        Seed = 4712,
        Faults = 3,
        Kinds = [NetworkFaults.BrokerLoses],
        Load = new LoadOptions(Clients: 16, OrdersPerSecond: 100),
        RestLimit = TimeSpan.FromSeconds(60),
        Quiet = TimeSpan.FromSeconds(15),
        NeedsDuplicates = false,
        SweepAfter = TimeSpan.FromSeconds(3),
        Stack = new StackOptions
        {
            Environment = new Dictionary<string, string>(Quietly)
            {
                ["Sweep__After"] = "00:00:03",
                ["Sweep__Interval"] = "00:00:01",
                ["Reservations__RepeatAfter"] = "00:00:02",
            },
        },
    };

    /// <summary>Only what is odd is logged: a line for each step of each order would cost more than the step.</summary>
    private static Dictionary<string, string> Quietly => new() { ["Serilog__MinimumLevel__Default"] = "Warning" };
}
