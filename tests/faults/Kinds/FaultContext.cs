using DaprOrders.Faults.Tests.Proxy;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Contains the system on which a fault is inflicted, and the source of random instances and durations.</summary>
internal sealed record FaultContext(StackHost Stack, FaultyProxy Proxy, Random Random)
{
    public AppInstance AnyOf(string appId)
    {
        var instances = Stack.Instances.Where(instance => instance.AppId == appId).ToList();
        return instances[Random.Next(instances.Count)];
    }

    public AppInstance Any() => Stack.Instances[Random.Next(Stack.Instances.Count)];

    public Task PauseAsync(double fromSeconds, double toSeconds) =>
        Task.Delay(TimeSpan.FromSeconds(fromSeconds + ((toSeconds - fromSeconds) * Random.NextDouble())));
}

/// <summary>A kind of fault. <see cref="InflictAsync"/> inflicts the fault and then repairs the system.</summary>
internal sealed record FaultKind(string Name, Func<FaultContext, Task> InflictAsync)
{
    public override string ToString() => Name;
}
