using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace DaprOrders.Testing;

/// <summary>Signals to processes, by their ids.</summary>
[UnsupportedOSPlatform("windows")]
public static partial class Signals
{
    public const int Interrupt = 2;
    public const int Kill = 9;
    public const int Terminate = 15;
    public static readonly int Stop = OperatingSystem.IsMacOS() ? 17 : 19;
    public static readonly int Continue = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>Sends a signal. A process that is gone is no error.</summary>
    public static void Send(int processId, int signal) => _ = NativeKill(processId, signal);

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int NativeKill(int pid, int signal);
}
