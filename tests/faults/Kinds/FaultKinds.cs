namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Lists every kind of fault.</summary>
internal static class FaultKinds
{
    private static readonly string[] Apps = ["gateway", "order", "inventory", "notification"];

    /// <summary>Gets whether a small disk can be mounted, which needs root.</summary>
    public static bool CanMount => Environment.IsPrivilegedProcess;

    /// <param name="isEmbedded">Whether the system runs on the emulator, whose broker can be killed with it.</param>
    public static IReadOnlyList<FaultKind> Possible(bool isEmbedded) =>
    [
        .. Apps.Select(ProcessFaults.KillService),
        .. Apps.Select(ProcessFaults.KillSidecar),
        .. isEmbedded ? [ProcessFaults.KillEmulator] : (FaultKind[])[],
        ProcessFaults.Freeze,
        NetworkFaults.DropResponses,
        NetworkFaults.Delay,
        NetworkFaults.Reset,
        NetworkFaults.DeliverTwice,
        NetworkFaults.LoseEvents,
        DatabaseFaults.Crash,
        .. CanMount ? [DatabaseFaults.FullDisk] : (FaultKind[])[],
    ];
}
