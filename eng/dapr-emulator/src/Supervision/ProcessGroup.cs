using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>
/// A process and all processes that it starts, in their own process group, so that a signal reaches all of them. Windows has neither groups nor
/// signals: the process and those that it has started are ended at once there.
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

    /// <summary>Gets the id of the group, which is that of the process that leads it.</summary>
    public int Id { get; }

    public StreamReader Output => _leader.StandardOutput;

    public StreamReader Error => _leader.StandardError;

    /// <exception cref="System.ComponentModel.Win32Exception">Neither setsid nor perl is installed.</exception>
    public static ProcessGroup Start(IReadOnlyList<string> command, string directory, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        string[] line = OperatingSystem.IsWindows() ? [.. command] : [.. Leader(), "sh", "-c", "exec \"$@\"", "sh", .. command];
        start.FileName = line[0];
        foreach (var argument in line[1..])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        var group = new ProcessGroup(process);
        // The process enters its group shortly after its start. A signal to the group would be lost until then.
        SpinWait.SpinUntil(() => OperatingSystem.IsWindows() || process.HasExited || SendSignal(-group.Id, 0) == 0);
        return group;
    }

    /// <summary>Waits for the leader and returns its exit status: 128 + n when signal n ended it.</summary>
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

    /// <summary>Asks all processes to end, and kills those that are left after the timeout.</summary>
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

    /// <summary>Gets a text that tells a process from others that had the same id; null when it does not run.</summary>
    public static string? StartOf(int process)
    {
        if (OperatingSystem.IsLinux())
        {
            const int StartTime = 19;
            return Fields($"/proc/{process}") is { Length: > StartTime } fields
                ? $"{fields[StartTime]}@{File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim()}"
                : null;
        }

        try
        {
            using var found = Process.GetProcessById(process);
            return found.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Kills a group that an earlier run has started, and waits until it has ended.</summary>
    /// <param name="started">The result of <see cref="StartOf"/> for its leader, which may have ended before the others.</param>
    /// <returns>False when no process of it is left. Another process with its id is not touched.</returns>
    public static bool EndLeftover(int id, string started)
    {
        if (OperatingSystem.IsWindows())
        {
            if (StartOf(id) != started)
            {
                return false;
            }

            using var leftover = Process.GetProcessById(id);
            leftover.Kill(entireProcessTree: true);
            return leftover.WaitForExit(TimeSpan.FromSeconds(5));
        }

        // No new process gets the id of a group with members, so a group without a leader is still the old one.
        if ((StartOf(id) is { } now && now != started) || !HasLivingMembers(id))
        {
            return false;
        }

        _ = SendSignal(-id, Kill);
        return SpinWait.SpinUntil(() => !HasLivingMembers(id), TimeSpan.FromSeconds(5));
    }

    /// <summary>Returns whether any process of the group runs, even after its leader has ended.</summary>
    public bool IsAlive() => OperatingSystem.IsWindows() ? !_leader.HasExited : HasLivingMembers(Id);

    private static bool HasLivingMembers(int group)
    {
        const int State = 0;
        const int Group = 2;
        if (SendSignal(-group, 0) != 0)
        {
            return false;
        }

        // A group of zombies has ended: nobody may be there to reap them.
        var id = group.ToString(CultureInfo.InvariantCulture);
        return !OperatingSystem.IsLinux() || Directory.EnumerateDirectories("/proc").Any(folder =>
            char.IsAsciiDigit(Path.GetFileName(folder)[0])
            && Fields(folder) is { } fields
            && fields[State] is not ("Z" or "X")
            && fields[Group] == id);
    }

    // The fields after "pid (name)": state, parent, group …; the name may contain anything.
    private static string[]? Fields(string folder)
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

    /// <summary>Returns what starts a process in a new group, as .NET cannot do that. Both programs exec, so the leader keeps its id.</summary>
    private static string[] Leader() => OnPath("setsid") ? ["setsid"] : ["perl", "-e", "setpgrp(0, 0); exec @ARGV", "--"];

    private static bool OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, name)));

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
