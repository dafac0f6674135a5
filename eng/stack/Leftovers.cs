using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Finds and ends the processes of a run that was killed. An environment variable marks them with the path of the clone.</summary>
public static class Leftovers
{
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(3);

    /// <summary>Ends the processes that a killed run left in this clone. Sends SIGTERM, and SIGKILL after 3 s.</summary>
    public static async Task StopAsync(string root, Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (Find(root).Count == 0)
        {
            return;
        }

        report("Stopping the processes of a run that was killed ...");
        await StopAsync(root);
    }

    /// <summary>Sends SIGTERM to the processes of a run, and SIGKILL to those that have not ended after 3 s.</summary>
    internal static Task StopAsync(string id) => StopAsync(StackRuntime.Marker, id);

    /// <summary>Does the same for the processes that another environment variable marks.</summary>
    internal static async Task StopAsync(string variable, string id)
    {
        Send(Signal.Terminate);
        if (!await WaitForEndAsync(variable, id))
        {
            Send(Signal.Kill);
            await WaitForEndAsync(variable, id);
        }

        void Send(Signal signal)
        {
            foreach (var process in Find(variable, id))
            {
                Platform.Current.Send(process, signal);
            }
        }
    }

    /// <summary>Waits up to 3 s for the processes of a run to end, and returns whether all have ended.</summary>
    internal static Task<bool> WaitForEndAsync(string id) => WaitForEndAsync(StackRuntime.Marker, id);

    private static async Task<bool> WaitForEndAsync(string variable, string id)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var began = Stopwatch.GetTimestamp();
        while (Find(variable, id).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(began) > EndTimeout)
            {
                return false;
            }

            await timer.WaitForNextTickAsync();
        }

        return true;
    }

    /// <summary>Returns the running processes with this id.</summary>
    public static IReadOnlyList<int> Find(string id) => Find(StackRuntime.Marker, id);

    private static List<int> Find(string variable, string id) =>
        [.. Platform.Current.FindByEnvironment((variable, id)).Where(Platform.Current.IsRunning)];
}
