using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Runs other programs to their end.</summary>
public static class ProcessRunner
{
    /// <summary>How long a program may take to end after it was asked to.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(1);

    /// <summary>Runs a program and returns its exit code with what it wrote. Kills the program if the token is canceled or the limit passes.</summary>
    /// <param name="limit">How long the program may take; null: indefinitely.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="environment">Variables that are added to those of this process.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <returns>The exit code, or null if the program is missing or took too long.</returns>
    public static async Task<(int? ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        var output = new StringBuilder();
        var exitCode = await RunAsync(command, folder, limit, environment, Add, isPolite: false, cancellationToken);
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
    /// Runs a program that starts others, and passes on each line that it writes. If the token is canceled or the limit passes, interrupts the program,
    /// so that it can end what it has started, and kills it after 8 s.
    /// </summary>
    /// <returns>The exit code, or null if the program is missing or took too long.</returns>
    public static Task<int?> StreamAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, Action<string> onLine, CancellationToken cancellationToken) =>
        RunAsync(command, folder, limit, null, onLine, isPolite: true, cancellationToken);

    /// <summary>
    /// Runs a program of the clone in the foreground: it reads and writes the terminal of this process. Interrupts it if the token is canceled.
    /// </summary>
    /// <returns>The exit code.</returns>
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
            await EndAsync(process, isPolite: true);
        }

        return process.ExitCode;
    }

    private static async Task<int?> RunAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, IReadOnlyDictionary<string, string>? environment, Action<string> onLine,
        bool isPolite, CancellationToken cancellationToken)
    {
        var start = StartInfo(command, folder, environment);
        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Start(start);
        if (process is null)
        {
            onLine($"{command[0]} cannot be started");
            return null;
        }

        process.OutputDataReceived += (_, line) => Pass(line.Data);
        process.ErrorDataReceived += (_, line) => Pass(line.Data);
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
            await EndAsync(process, isPolite);
            cancellationToken.ThrowIfCancellationRequested();
            onLine($"{string.Join(' ', command)} did not end within {limit!.Value.TotalSeconds:0.#} s");
            return null;
        }

        void Pass(string? line)
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

    private static async Task EndAsync(Process process, bool isPolite)
    {
        if (isPolite && !OperatingSystem.IsWindows())
        {
            Platform.Current.Send(process.Id, Signal.Interrupt);
            if (await EndsAsync(process, EndLimit))
            {
                return;
            }
        }

        process.Kill(entireProcessTree: true);
        await EndsAsync(process, KillLimit);
    }

    /// <summary>Waits for the end of a process and of its output, which children that are still running may hold open.</summary>
    private static async Task<bool> EndsAsync(Process process, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        await process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !limit.IsCancellationRequested;
    }
}
