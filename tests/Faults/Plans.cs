using DaprOrders.Faults.Tests.Kinds;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.TestSupport.Stack;

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

    /// <summary>Only what is odd is logged: a line for each step of each order would cost more than the step.</summary>
    private static Dictionary<string, string> Quietly => new() { ["Serilog__MinimumLevel__Default"] = "Warning" };
}
