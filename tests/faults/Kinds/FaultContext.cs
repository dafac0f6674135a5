using System.Collections.Concurrent;
using DaprOrders.Faults.Tests.Checks;
using DaprOrders.Faults.Tests.Load;
using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Contains the system on which faults are inflicted.</summary>
/// <param name="Upgrade">The next version of order; null if the plan has no upgrade.</param>
internal sealed record FaultContext(
    StackHost Stack, FaultyProxy Proxy, IFaultyBroker Broker, Ledger Ledger, FaultTargets Targets, OrderUpgrade? Upgrade = null)
{
    /// <summary>Gets the violations that faults have found while they were inflicted.</summary>
    public ConcurrentQueue<Violation> Violations { get; } = new();

    /// <summary>Gets the instances that run during the whole run.</summary>
    public IReadOnlyList<AppInstance> Running => [.. Targets.Running.Select(Instance)];

    /// <summary>Returns the instance with a name like <c>order/2</c>.</summary>
    public AppInstance Instance(string name) => Stack.Instances.Single(instance => $"{instance}" == name);
}
