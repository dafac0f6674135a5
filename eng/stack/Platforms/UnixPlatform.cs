using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace DaprOrders.Stack.Platforms;

/// <summary>Implements what is the same on Linux and macOS.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
internal abstract partial class UnixPlatform : IPlatform
{
    public void Send(int processId, Signal signal) => _ = Kill(processId, Number(signal));

    public abstract bool IsRunning(int processId);

    public abstract IReadOnlyList<int> FindByEnvironment(params (string Name, string Value)[] variables);

    public abstract IReadOnlyList<string> CommandLine(int processId);

    public abstract int? ListenerOn(int port);

    public abstract ProcessStartInfo? HowStarted(int processId);

    public void EndChildrenWithThisProcess()
    {
        // There is no portable way. The next run finds these processes by their environment.
    }

    protected static ProcessStartInfo Start(IReadOnlyList<string> command, string folder, IEnumerable<string> environment)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { WorkingDirectory = folder };
        start.Environment.Clear();
        foreach (var variable in environment.Where(variable => variable.Contains('=', StringComparison.Ordinal)))
        {
            var name = variable[..variable.IndexOf('=', StringComparison.Ordinal)];
            start.Environment[name] = variable[(name.Length + 1)..];
        }

        return start;
    }

    private static int Number(Signal signal) => signal switch
    {
        Signal.Interrupt => 2,
        Signal.Kill => 9,
        Signal.Terminate => 15,
        Signal.Freeze => OperatingSystem.IsMacOS() ? 17 : 19,
        _ => OperatingSystem.IsMacOS() ? 19 : 18,
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
