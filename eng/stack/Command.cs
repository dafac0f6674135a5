using System.ComponentModel;
using System.Diagnostics;

namespace DaprOrders.Stack;

/// <summary>Runs other programs to their end.</summary>
public static class Command
{
    /// <summary>Runs a program and returns its exit code with what it wrote. Ends the program if the token is canceled or the limit passes.</summary>
    /// <param name="limit">How long the program may take; null: indefinitely.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="environment">Variables that are added to those of this process.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <returns>The exit code, or null if the program is missing or took too long.</returns>
    public static async Task<(int? ExitCode, string Output)> RunAsync(
        IReadOnlyList<string> command, string folder, TimeSpan? limit, IReadOnlyDictionary<string, string>? environment, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(command);
        var start = new ProcessStartInfo(SearchPath.Resolve(command[0]), command.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(limit ?? Timeout.InfiniteTimeSpan);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            return (null, e.Message);
        }

        using (process)
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            try
            {
                await process.WaitForExitAsync(timeout.Token);
                return (process.ExitCode, await output + await errors);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                cancellationToken.ThrowIfCancellationRequested();
                return (null, $"{string.Join(' ', command)} did not end within {limit!.Value.TotalSeconds:0.#} s");
            }
        }
    }
}
