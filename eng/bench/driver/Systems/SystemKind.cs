namespace DaprOrders.Bench.Systems;

/// <summary>A system that the benchmark compares.</summary>
internal enum SystemKind
{
    /// <summary>Services that do nothing, which shows the cost of the runtime itself.</summary>
    NoOp,

    /// <summary>Services that do nothing, with a gateway that sends concurrent orders together.</summary>
    NoOpCoalesced,

    /// <summary>The services of an earlier commit, before the rewrite in plain EF Core.</summary>
    Baseline,

    /// <summary>The four services of this repository.</summary>
    Ours,

    /// <summary>Ours, without coalescing in the gateway.</summary>
    OursNoCoalescing,

    /// <summary>Ours, without set-based SaveChanges.</summary>
    OursNoSetBased,

    /// <summary>Ours, without both.</summary>
    OursPlain,

    /// <summary>Services that save, then publish, and handle one event per delivery, as in tutorials.</summary>
    SaveThenPublish,
}

/// <summary>The names of the systems, and how they differ.</summary>
internal static class SystemKinds
{
    private static readonly Dictionary<string, string> NoCoalescing = new() { ["Coalescing__Enabled"] = "false" };
    private static readonly Dictionary<string, string> NoSetBased = new() { ["SetBasedSaveChanges__Enabled"] = "false" };

    /// <summary>Gets the names of all systems.</summary>
    public static string[] Names => [.. Enum.GetValues<SystemKind>().Select(Name)];

    /// <summary>Returns the name in reports and on the command line.</summary>
    public static string Name(this SystemKind system) => system switch
    {
        SystemKind.NoOp => "no-op",
        SystemKind.NoOpCoalesced => "no-op-coalesced",
        SystemKind.Baseline => Baseline.Commit,
        SystemKind.Ours => "ours",
        SystemKind.OursNoCoalescing => "ours-no-coalescing",
        SystemKind.OursNoSetBased => "ours-no-set-based",
        SystemKind.OursPlain => "ours-plain",
        _ => "save-then-publish",
    };

    /// <summary>Returns the system with this name.</summary>
    public static SystemKind Parse(string name) => Enum.GetValues<SystemKind>().Single(system => system.Name() == name);

    /// <summary>Returns whether the services of a system do nothing, so that it has no rows.</summary>
    public static bool IsNoOp(this SystemKind system) => system is SystemKind.NoOp or SystemKind.NoOpCoalesced;

    /// <summary>Returns the settings by which a system differs from the one with the same programs.</summary>
    public static IReadOnlyDictionary<string, string> Settings(this SystemKind system) => system switch
    {
        SystemKind.NoOpCoalesced => new Dictionary<string, string> { ["NO_OP_COALESCING"] = "true" },
        SystemKind.OursNoCoalescing => NoCoalescing,
        SystemKind.OursNoSetBased => NoSetBased,
        SystemKind.OursPlain => NoCoalescing.Concat(NoSetBased).ToDictionary(),
        _ => new Dictionary<string, string>(),
    };
}
