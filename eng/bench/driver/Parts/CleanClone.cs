using System.Diagnostics;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Bench.Parts;

/// <summary>Measures the first steps of a new user: clones the repository, starts the system and places an order. NuGet packages are cached already.</summary>
internal static class CleanClone
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    /// <exception cref="InvalidOperationException">The repository could not be cloned, or the system did not start.</exception>
    public static async Task<StartTime> StartAsync()
    {
        var folder = Ownership.CreateFolder("clone");
        try
        {
            var clone = Path.Combine(folder, "clone");
            using (var git = Process.Start(new ProcessStartInfo("git", ["clone", "-q", Repository.Root, clone]))!)
            {
                await git.WaitForExitAsync();
                if (git.ExitCode != 0)
                {
                    throw new InvalidOperationException($"git clone exited with {git.ExitCode}.");
                }
            }

            using var gateway = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:8000") };
            var started = Stopwatch.GetTimestamp();
            using var run = Process.Start(new ProcessStartInfo(Path.Combine(clone, "run.sh")) { WorkingDirectory = clone, RedirectStandardOutput = true })!;
            run.BeginOutputReadLine();
            try
            {
                var exit = run.WaitForExitAsync();
                var firstOrder = StartTimes.FirstOrderAsync(gateway);
                if (await Task.WhenAny(firstOrder, exit) == exit)
                {
                    throw new InvalidOperationException($"./run.sh exited with {run.ExitCode}; the ports of dapr.yaml must be free.");
                }

                await firstOrder;
                return new StartTime(Names.CleanClone, Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
            finally
            {
                Platform.Current.Send(run.Id, Signal.Terminate);
                await run.WaitForExitAsync().WaitAsync(StopTimeout);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
