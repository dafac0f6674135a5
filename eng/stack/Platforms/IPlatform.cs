using System.Diagnostics;

namespace DaprOrders.Stack.Platforms;

/// <summary>Operations that differ between operating systems: signals, and access to processes that another program started.</summary>
public interface IPlatform
{
    /// <summary>Sends a signal to a process. Does nothing if the process has ended.</summary>
    /// <exception cref="PlatformNotSupportedException">The operating system has no such signal.</exception>
    void Send(int processId, Signal signal);

    /// <summary>Returns whether a process is running. A zombie process is not.</summary>
    bool IsRunning(int processId);

    /// <summary>Finds the processes of this user that were started with all of these variables in their environment.</summary>
    IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables);

    /// <summary>Returns the program and the arguments of a process; empty if it has ended.</summary>
    IReadOnlyList<string> CommandLine(int processId);

    /// <summary>Returns the process that listens on a TCP port; null if there is none, or if this user may not see it.</summary>
    int? ListenerOn(int port);

    /// <summary>Returns how a process was started, to restart it with the same arguments, environment and folder; null if it has ended.</summary>
    ProcessStartInfo? HowStarted(int processId);

    /// <summary>Makes child processes end when this process ends, if the operating system supports that.</summary>
    void EndChildrenWithThisProcess();
}

/// <summary>A signal to a process.</summary>
public enum Signal
{
    /// <summary>SIGINT: asks the process to end, as Ctrl-C does.</summary>
    Interrupt,

    /// <summary>SIGTERM: asks the process to end.</summary>
    Terminate,

    /// <summary>SIGKILL: ends the process immediately.</summary>
    Kill,

    /// <summary>SIGSTOP: freezes the process.</summary>
    Freeze,

    /// <summary>SIGCONT: lets a frozen process continue.</summary>
    Continue,
}

/// <summary>The platform of this machine.</summary>
public static class Platform
{
    /// <summary>Gets the implementation for this operating system.</summary>
    public static IPlatform Current { get; } =
        OperatingSystem.IsWindows() ? new WindowsPlatform()
        : OperatingSystem.IsMacOS() ? new MacPlatform()
        : OperatingSystem.IsLinux() ? new LinuxPlatform()
        : throw new PlatformNotSupportedException("The system runs on Linux, macOS and Windows.");
}

/// <summary>Waits for processes.</summary>
public static class PlatformExtensions
{
    /// <summary>Waits until a process has ended, for at most <see cref="Wait.Limit"/>.</summary>
    public static Task UntilEndedAsync(this IPlatform platform, int processId)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return Wait.UntilAsync($"process {processId} ({string.Join(' ', platform.CommandLine(processId))}) to end", () => !platform.IsRunning(processId));
    }
}
