using System.Diagnostics;
using DaprOrders.Bench.Report;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Bench.Parts;

/// <summary>What somebody does who has just found the project: clone it, start it, place an order. NuGet's packages are in the cache.</summary>
internal static class CleanClone
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="InvalidOperationException">It could not be cloned.</exception>
    public static async Task<StartTime> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("dapr-orders-clone-").FullName;
        try
        {
            var clone = Path.Combine(folder, "clone");
            using (var git = Process.Start(new ProcessStartInfo("git", ["clone", "-q", Repository.Root, clone]))!)
            {
                await git.WaitForExitAsync();
                if (git.ExitCode != 0)
                {
                    throw new InvalidOperationException($"git clone ended with {git.ExitCode}.");
                }
            }

            using var gateway = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:8000") };
            var started = Stopwatch.GetTimestamp();
            using var run = Process.Start(new ProcessStartInfo(Path.Combine(clone, "run.sh")) { WorkingDirectory = clone, RedirectStandardOutput = true })!;
            run.BeginOutputReadLine();
            try
            {
                var ended = run.WaitForExitAsync();
                var first = StartTimes.FirstOrderAsync(gateway);
                if (await Task.WhenAny(first, ended) == ended)
                {
                    throw new InvalidOperationException($"./run.sh ended with {run.ExitCode}; the ports of dapr.yaml must be free.");
                }

                await first;
                return new StartTime(Names.CleanClone, Stopwatch.GetElapsedTime(started).TotalSeconds);
            }
            finally
            {
                Platform.Current.Send(run.Id, Signal.Terminate);
                await run.WaitForExitAsync().WaitAsync(Patience);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
