namespace DaprOrders.Faults.Tests.Kinds;

/// <summary>Lists the kinds of faults.</summary>
internal static class FaultKinds
{
    private static readonly string[] Apps = ["gateway", "order", "inventory", "notification"];

    /// <summary>Gets whether the test can mount a small disk, which requires root.</summary>
    public static bool CanMount => Environment.IsPrivilegedProcess;

    /// <summary>Returns the kinds of faults that are possible on this machine.</summary>
    /// <param name="isEmulator">Whether the system runs on the emulator. Only the emulator and its broker can be killed together.</param>
    public static IReadOnlyList<FaultKind> Possible(bool isEmulator) =>
    [
        .. Apps.Select(ProcessFaults.KillService),
        .. Apps.Select(ProcessFaults.KillSidecar),
        .. isEmulator ? [ProcessFaults.KillEmulator] : (FaultKind[])[],
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
