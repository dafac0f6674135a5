using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>The CPU time and memory that the processes of a system have used so far, by app id and the names below.</summary>
internal sealed record Usage(IReadOnlyDictionary<string, TimeSpan> Cpu, IReadOnlyDictionary<string, long> PeakRss)
{
    public const string Postgres = "postgres";
    public const string Sidecars = "sidecars";
    public const string Broker = "broker";
    public const string Load = "load";

    public static readonly string[] Services = ["gateway", "order", "inventory", "notification"];

    public static Usage Read(StackHost stack, int? broker)
    {
        var cpu = new Dictionary<string, TimeSpan>();
        var rss = new Dictionary<string, long>();
        foreach (var instance in stack.Instances)
        {
            Add(instance.AppId, stack.Runtime.ProcessOf(instance) ?? throw new InvalidOperationException($"{instance} has ended.\n{stack.Runtime.Output}"));
        }

        foreach (var sidecar in stack.Runtime.SidecarProcesses)
        {
            Add(Sidecars, sidecar);
        }

        if (broker is { } process)
        {
            Add(Broker, process);
        }

        Add(Load, Environment.ProcessId);
        cpu[Postgres] = ProcessFigures.CpuWithChildren(stack.Postgres.ProcessId);
        return new Usage(cpu, rss);

        void Add(string name, int id)
        {
            cpu[name] = cpu.GetValueOrDefault(name) + ProcessFigures.Cpu(id);
            rss[name] = Math.Max(rss.GetValueOrDefault(name), ProcessFigures.PeakRssBytes(id));
        }
    }

    /// <summary>Returns the CPU time that was used since <paramref name="before"/>, by the same names.</summary>
    public Dictionary<string, TimeSpan> Since(Usage before) =>
        Cpu.ToDictionary(used => used.Key, used => used.Value - before.Cpu.GetValueOrDefault(used.Key));
}
