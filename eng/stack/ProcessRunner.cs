using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Runs other programs and waits until they have ended.</summary>
public static class ProcessRunner
{
    private static readonly TimeSpan InterruptTimeout = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Runs a program and returns its exit code and output. Kills the program if the token is canceled or the time limit passes.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="limit">The time limit; null for none.</param>
    /// <param name="environment">Variables that are added to those of this process.</param>
    /// <returns>The exit code, or null if the program is missing or took too long.</returns>
    public static async Task<(int? ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var exitCode = await RunAsync(command, folder, limit, environment, Add, interruptsFirst: false, cancellationToken);
        lock (output)
        {
            return (exitCode, output.ToString());
        }

        void Add(string line)
        {
            lock (output)
            {
                output.Append(line).Append('\n');
            }
        }
    }

    /// <summary>
    /// Runs a program that starts others, and reports each line of its output. If the token is canceled or the time limit passes, interrupts the
    /// program, so that it can end the processes that it started, and kills it after 8 s.
    /// </summary>
    /// <returns>The exit code, or null if the program is missing or took too long.</returns>
    public static Task<int?> StreamAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, IReadOnlyDictionary<string, string>? environment, Action<string> onLine,
        CancellationToken cancellationToken) =>
        RunAsync(command, folder, limit, environment, onLine, interruptsFirst: true, cancellationToken);

    /// <summary>
    /// Runs a program in the foreground and returns its exit code. It uses the terminal of this process. Interrupts it if the token is canceled.
    /// </summary>
    /// <exception cref="StackException">The program cannot be started.</exception>
    public static async Task<int> RunInForegroundAsync(
        IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        using var process = Start(StartInfo(command, Repository.Root, environment))
            ?? throw new StackException($"{command[0]} cannot be started");
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process, interruptsFirst: true);
        }

        return process.ExitCode;
    }

    private static async Task<int?> RunAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, IReadOnlyDictionary<string, string>? environment, Action<string> onLine,
        bool interruptsFirst, CancellationToken cancellationToken)
    {
        var start = StartInfo(command, folder, environment);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Start(start);
        if (process is null)
        {
            onLine($"{command[0]} cannot be started");
            return null;
        }

        process.OutputDataReceived += (_, line) => Report(line.Data);
        process.ErrorDataReceived += (_, line) => Report(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit ?? Timeout.InfiniteTimeSpan);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            await EndAsync(process, interruptsFirst);
            cancellationToken.ThrowIfCancellationRequested();
            onLine($"{string.Join(' ', command)} did not end within {limit!.Value.TotalSeconds:0.#} s");
            return null;
        }

        void Report(string? line)
        {
            if (line is not null)
            {
                onLine(line);
            }
        }
    }

    private static ProcessStartInfo StartInfo(IReadOnlyList<string> command, string folder, IReadOnlyDictionary<string, string>? environment)
    {
        ArgumentNullException.ThrowIfNull(command);
        var start = new ProcessStartInfo(SearchPath.Resolve(command[0]), command.Skip(1)) { WorkingDirectory = folder };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private static Process? Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start);
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static async Task EndAsync(Process process, bool interruptsFirst)
    {
        if (interruptsFirst && !OperatingSystem.IsWindows())
        {
            Platform.Current.Send(process.Id, Signal.Interrupt);
            if (await WaitForEndAsync(process, InterruptTimeout))
            {
                return;
            }
        }

        process.Kill(entireProcessTree: true);
        await WaitForEndAsync(process, KillTimeout);
    }

    /// <summary>Returns whether a process and its output end in time. Child processes that are still running keep the output open.</summary>
    private static async Task<bool> WaitForEndAsync(Process process, TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout);
        await process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !limit.IsCancellationRequested;
    }
}
