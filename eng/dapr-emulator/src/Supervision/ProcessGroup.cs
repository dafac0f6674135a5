using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>
/// Starts a process in its own process group, so that a signal reaches the process and all its child processes. Windows has neither process
/// groups nor signals. There, every signal ends the whole process tree immediately.
/// </summary>
internal sealed partial class ProcessGroup : IDisposable
{
    public const int Terminate = 15;
    public const int Kill = 9;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(20);
    private readonly Process _leader;

    private ProcessGroup(Process leader)
    {
        _leader = leader;
        Id = leader.Id;
    }

    /// <summary>Gets the id of the group. It is the process id of its leader.</summary>
    public int Id { get; }

    public StreamReader Output => _leader.StandardOutput;

    public StreamReader Error => _leader.StandardError;

    /// <exception cref="System.ComponentModel.Win32Exception">Neither setsid nor perl is installed.</exception>
    public static ProcessGroup Start(IReadOnlyList<string> command, string directory, IReadOnlyDictionary<string, string> environment)
    {
        var startInfo = new ProcessStartInfo
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] arguments = OperatingSystem.IsWindows() ? [.. command] : [.. GroupLauncher(), "sh", "-c", "exec \"$@\"", "sh", .. command];
        startInfo.FileName = arguments[0];
        foreach (var argument in arguments[1..])
        {
            startInfo.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            startInfo.Environment[name] = value;
        }

        var process = Process.Start(startInfo)!;
        process.StandardInput.Close();
        var group = new ProcessGroup(process);
        // The process joins its group shortly after it starts. A signal to the group before that would be lost.
        SpinWait.SpinUntil(() => OperatingSystem.IsWindows() || process.HasExited || SendSignal(-group.Id, 0) == 0);
        return group;
    }

    /// <summary>Waits for the leader to exit and returns its exit status. The status is 128 + n if signal n ended it.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _leader.WaitForExitAsync();
        return _leader.ExitCode;
    }

    public void Signal(int signal)
    {
        if (!IsAlive())
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            _leader.Kill(entireProcessTree: true);
            return;
        }

        _ = SendSignal(-Id, signal);
    }

    /// <summary>Sends SIGTERM to all processes and kills those that still run after the timeout.</summary>
    public async Task StopAsync(TimeSpan timeout)
    {
        Signal(Terminate);
        var started = Stopwatch.GetTimestamp();
        while (IsAlive())
        {
            if (Stopwatch.GetElapsedTime(started) > timeout)
            {
                Signal(Kill);
                return;
            }

            await Task.Delay(ProbeInterval);
        }
    }

    public void Dispose() => _leader.Dispose();

    /// <summary>Returns a text that identifies a process even if its id is reused later, or null if it is not running.</summary>
    public static string? StartTimeOf(int process)
    {
        if (OperatingSystem.IsLinux())
        {
            const int StartTime = 19;
            return ReadStat($"/proc/{process}") is { Length: > StartTime } fields
                ? $"{fields[StartTime]}@{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}"
                : null;
        }

        try
        {
            using var found = Process.GetProcessById(process);
            return found.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Kills a process group of an earlier run and waits until it has ended.</summary>
    /// <param name="started">The result of <see cref="StartTimeOf"/> for its leader. The leader may have ended before the other processes.</param>
    /// <returns>False if no process of the group is running. Does not kill another process with the same id.</returns>
    public static bool KillLeftover(int id, string started)
    {
        if (OperatingSystem.IsWindows())
        {
            if (StartTimeOf(id) != started)
            {
                return false;
            }

            using var leftover = Process.GetProcessById(id);
            leftover.Kill(entireProcessTree: true);
            return leftover.WaitForExit(TimeSpan.FromSeconds(5));
        }

        // The system does not reuse the id of a group that has processes. A group without a leader is therefore still the old one.
        if ((StartTimeOf(id) is { } now && now != started) || !HasLivingMembers(id))
        {
            return false;
        }

        _ = SendSignal(-id, Kill);
        return SpinWait.SpinUntil(() => !HasLivingMembers(id), TimeSpan.FromSeconds(5));
    }

    /// <summary>Returns whether any process of the group is running, even if its leader has ended.</summary>
    public bool IsAlive() => OperatingSystem.IsWindows() ? !_leader.HasExited : HasLivingMembers(Id);

    private static bool HasLivingMembers(int group)
    {
        const int State = 0;
        const int Group = 2;
        if (SendSignal(-group, 0) != 0)
        {
            return false;
        }

        // Do not count zombies. In a container there may be no process that reaps them.
        var id = group.ToString(CultureInfo.InvariantCulture);
        return !OperatingSystem.IsLinux() || Directory.EnumerateDirectories("/proc").Any(folder =>
            char.IsAsciiDigit(Path.GetFileName(folder)[0])
            && ReadStat(folder) is { } fields
            && fields[State] is not ("Z" or "X")
            && fields[Group] == id);
    }

    // Returns the fields after "pid (name)": state, parent, group, and so on. The name may contain spaces and parentheses.
    private static string[]? ReadStat(string folder)
    {
        try
        {
            var status = File.ReadAllText(Path.Combine(folder, "stat"));
            return status[(status.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Returns a command that starts a program in a new process group, which .NET cannot do. Both commands use exec, so the process id does not change.</summary>
    private static string[] GroupLauncher() => OnPath("setsid") ? ["setsid"] : ["perl", "-e", "setpgrp(0, 0); exec @ARGV", "--"];

    private static bool OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
