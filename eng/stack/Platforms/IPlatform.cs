using System.Diagnostics;

namespace DaprOrders.Stack.Platforms;

/// <summary>What operating systems do differently: signals, and processes that another program has started.</summary>
public interface IPlatform
{
    /// <summary>Sends a signal to a process. Does nothing if the process has ended.</summary>
    /// <exception cref="PlatformNotSupportedException">The operating system has no such signal.</exception>
    void Send(int processId, Signal signal);

    /// <summary>Returns whether a process runs. A process that has ended but was not waited for does not.</summary>
    bool IsRunning(int processId);

    /// <summary>Finds the processes of this user that were started with all of these variables in their environment.</summary>
    IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables);

    /// <summary>Returns the program and the arguments of a process; empty if it has ended.</summary>
    IReadOnlyList<string> CommandLine(int processId);

    /// <summary>Returns the process that listens on a TCP port; null if there is none, or if the operating system does not tell this user.</summary>
    int? ListenerOn(int port);

    /// <summary>Returns what starts a process again with its arguments, environment and folder; null if it has ended.</summary>
    ProcessStartInfo? HowStarted(int processId);

    /// <summary>Sees to it that the processes that this one starts end with it, where the operating system can do that.</summary>
    void EndChildrenWithThisProcess();
}

/// <summary>A request to a process.</summary>
public enum Signal
{
    /// <summary>Asks the process to end, as Ctrl-C does.</summary>
    Interrupt,

    /// <summary>Asks the process to end.</summary>
    Terminate,

    /// <summary>Ends the process at once.</summary>
    Kill,

    /// <summary>Freezes the process.</summary>
    Freeze,

    /// <summary>Lets a frozen process continue.</summary>
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

/// <summary>Waits on processes.</summary>
public static class PlatformExtensions
{
    /// <summary>Waits until a process has ended, for at most <see cref="Wait.Limit"/>.</summary>
    public static Task UntilEndedAsync(this IPlatform platform, int processId)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return Wait.UntilAsync($"process {processId} ({string.Join(' ', platform.CommandLine(processId))}) to end", () => !platform.IsRunning(processId));
    }
}
