using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace DaprOrders.Stack.Platforms;

/// <summary>Windows has no signals between processes. A job object ends all child processes with this process, so none are left over.</summary>
[SupportedOSPlatform("windows")]
internal sealed partial class WindowsPlatform : IPlatform
{
    private const int ExtendedLimitInformation = 9;
    private const uint KillOnJobClose = 0x2000;

    public void Send(int processId, Signal signal)
    {
        if (signal is Signal.Freeze or Signal.Continue)
        {
            throw new PlatformNotSupportedException("Windows cannot freeze a process.");
        }

        if (Find(processId) is { } process)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    public bool IsRunning(int processId) => Find(processId) is { HasExited: false };

    public IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables) => [];

    public IReadOnlyList<string> CommandLine(int processId) => [];

    public int? ListenerOn(int port)
    {
        using var netstat = Process.Start(new ProcessStartInfo("netstat", ["-ano", "-p", "TCP"]) { RedirectStandardOutput = true })!;
        var columns = netstat.StandardOutput.ReadToEnd().Split('\n').Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .FirstOrDefault(columns => columns.Length > 4 && columns[1].EndsWith($":{port}", StringComparison.Ordinal) && columns[2] == "0.0.0.0:0");
        return columns is null ? null : int.Parse(columns[4], CultureInfo.InvariantCulture);
    }

    public ProcessStartInfo? HowStarted(int processId) => null;

    public void EndChildrenWithThisProcess()
    {
        // The handle stays open on purpose: the job ends when the operating system closes the handle.
        var job = CreateJobObject(0, null);
        var limits = new ExtendedLimits { LimitFlags = KillOnJobClose };
        if (job == 0
            || !SetInformationJobObject(job, ExtendedLimitInformation, ref limits, Marshal.SizeOf<ExtendedLimits>())
            || !AssignProcessToJobObject(job, Process.GetCurrentProcess().Handle))
        {
            throw new Win32Exception();
        }
    }

    private static Process? Find(int processId)
    {
        try
        {
            return Process.GetProcessById(processId);
        }
        catch (ArgumentException)
        {
            return null; // it has ended
        }
    }

    [LibraryImport("kernel32", EntryPoint = "CreateJobObjectW", SetLastError = true)]
    private static partial nint CreateJobObject(nint attributes, [MarshalAs(UnmanagedType.LPWStr)] string? name);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetInformationJobObject(nint job, int kind, ref ExtendedLimits limits, int length);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(nint job, nint process);

    /// <summary>JOBOBJECT_EXTENDED_LIMIT_INFORMATION, of which only the flags are used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct ExtendedLimits
    {
        public long PerProcessUserTimeLimit;
        public long PerJobUserTimeLimit;
        public uint LimitFlags;
        public nuint MinimumWorkingSetSize;
        public nuint MaximumWorkingSetSize;
        public uint ActiveProcessLimit;
        public nuint Affinity;
        public uint PriorityClass;
        public uint SchedulingClass;
        public ulong ReadOperationCount;
        public ulong WriteOperationCount;
        public ulong OtherOperationCount;
        public ulong ReadTransferCount;
        public ulong WriteTransferCount;
        public ulong OtherTransferCount;
        public nuint ProcessMemoryLimit;
        public nuint JobMemoryLimit;
        public nuint PeakProcessMemoryUsed;
        public nuint PeakJobMemoryUsed;
    }
}
