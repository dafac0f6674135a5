using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Bench.Systems;

/// <summary>The processes of a system. They are found once, because finding them costs more CPU time than an order.</summary>
internal sealed class ProcessGroups
{
    private readonly Dictionary<string, int[]> _fixed;
    private readonly int _postmaster;
    private readonly HashSet<int> _loadBackends;

    private ProcessGroups(Dictionary<string, int[]> groups, int postmaster, HashSet<int> loadBackends) =>
        (_fixed, _postmaster, _loadBackends) = (groups, postmaster, loadBackends);

    /// <param name="brokerPort">The port of the broker; null on the emulator.</param>
    /// <param name="loadBackends">The backends of PostgreSQL that only this program uses. They count as load.</param>
    /// <exception cref="InvalidOperationException">A service has ended.</exception>
    public static ProcessGroups Find(StackHost stack, int? brokerPort, IEnumerable<int> loadBackends)
    {
        var groups = stack.Instances.GroupBy(instance => instance.AppId).ToDictionary(app => app.Key, app => app.Select(ProcessOf).ToArray());
        groups[Usage.Sidecars] = [.. stack.Runtime.SidecarProcesses];
        if (brokerPort is { } port && Platform.Current.ListenerOn(port) is { } broker)
        {
            groups[Usage.Broker] = [broker];
        }

        return new ProcessGroups(groups, stack.Postgres.ProcessId, [.. loadBackends]);

        int ProcessOf(AppInstance instance) =>
            stack.Runtime.ProcessOf(instance) ?? throw new InvalidOperationException($"{instance} has ended.\n{stack.Runtime.Output}");
    }

    /// <summary>Returns the running processes by group.</summary>
    public Dictionary<string, int[]> Running() => new(_fixed)
    {
        [Usage.Postgres] = [_postmaster, .. ProcessFigures.Children(_postmaster).Except(_loadBackends)],
        [Usage.Load] = [Environment.ProcessId, .. _loadBackends],
    };

    /// <summary>Returns the CPU time that each group has used so far.</summary>
    public Dictionary<string, TimeSpan> ReadCpu()
    {
        var cpu = Running().ToDictionary(group => group.Key, group => group.Value.Aggregate(TimeSpan.Zero, (sum, id) => sum + ProcessFigures.Cpu(id)));
        cpu[Usage.Postgres] += ProcessFigures.CpuOfEndedChildren(_postmaster);
        return cpu;
    }

    /// <summary>Throws if a process has ended, because the figures would be too small.</summary>
    public void RequireRunning()
    {
        foreach (var (name, ids) in _fixed)
        {
            if (ids.Any(id => !Platform.Current.IsRunning(id)))
            {
                throw new InvalidOperationException($"a process of {name} ended during the measurement.");
            }
        }
    }
}
