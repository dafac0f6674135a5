namespace DaprOrders.Bench.Systems;

/// <summary>What the groups of processes used during a measurement, by app id and the names below.</summary>
/// <param name="Cpu">The CPU time.</param>
/// <param name="Switches">The number of context switches, voluntary and involuntary.</param>
/// <param name="PeakRss">The largest peak memory of a process, in bytes.</param>
internal sealed record Usage(
    IReadOnlyDictionary<string, TimeSpan> Cpu, IReadOnlyDictionary<string, long> Switches, IReadOnlyDictionary<string, long> PeakRss)
{
    public const string Postgres = "postgres";
    public const string Sidecars = "sidecars";
    public const string Broker = "broker";
    public const string Load = "load";

    /// <summary>The rest of the machine: the kernel's own threads, the Dapr CLI, which reads the logs, and other programs.</summary>
    public const string Other = "other";

    public static readonly string[] Services = ["gateway", "order", "inventory", "notification"];

    /// <summary>Gets the groups of the system itself.</summary>
    public static readonly string[] OfSystem = [.. Services, Postgres, Sidecars, Broker];
}
