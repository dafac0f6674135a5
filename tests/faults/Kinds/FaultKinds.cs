namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Lists the kinds of faults.</summary>
internal static class FaultKinds
{
    /// <summary>Gets all kinds, including those that are impossible on some runtime or broker.</summary>
    public static IReadOnlyList<FaultKind> All { get; } =
    [
        .. FaultTargets.Apps.Select(ProcessFaults.KillService),
        .. FaultTargets.Apps.Select(ProcessFaults.KillSidecar),
        ProcessFaults.Freeze,
        ProcessFaults.LongFreeze,
        ProcessFaults.LongSidecarFreeze,
        ProcessFaults.ThirdInstance,
        ProcessFaults.RollingRestart,
        UpgradeFaults.RollingUpgrade,
        BrokerFaults.Kill,
        BrokerFaults.Unavailable,
        BrokerFaults.Unreachable,
        BrokerFaults.SidecarFirst,
        NetworkFaults.DropResponses,
        NetworkFaults.Delay,
        NetworkFaults.Reset,
        NetworkFaults.DeliverTwice,
        NetworkFaults.DeliverToTwo,
        NetworkFaults.LoseEvents,
        DatabaseFaults.Crash,
        DatabaseFaults.FullDisk,
        DatabaseFaults.ReadOnly,
        DatabaseFaults.ConnectionLimit,
    ];

    /// <summary>Returns the kinds of faults that are possible in an environment.</summary>
    public static IReadOnlyList<FaultKind> PossibleIn(FaultEnvironment environment) => [.. All.Where(kind => kind.WhyNot(environment) is null)];
}
