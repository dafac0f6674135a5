using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Processes of a run that was killed. They have the clone in their environment.</summary>
public static class Leftovers
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Ends what a killed run has left in this clone: asks first, and kills what has not ended after 3 s.</summary>
    public static async Task StopAsync(string root, Action<string> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (Find(root).Count == 0)
        {
            return;
        }

        report("Stopping what is left of a run that was killed ...");
        await StopAsync(root);
    }

    /// <summary>Asks the processes of a run to end, and kills those that have not ended after 3 s.</summary>
    internal static async Task StopAsync(string id)
    {
        Send(id, Signal.Terminate);
        if (!await EndInTimeAsync(id))
        {
            Send(id, Signal.Kill);
            await EndInTimeAsync(id);
        }
    }

    /// <summary>Returns whether all processes of a run end within 3 s.</summary>
    internal static async Task<bool> EndInTimeAsync(string id)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var began = Stopwatch.GetTimestamp();
        while (Find(id).Count > 0)
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                return false;
            }

            await timer.WaitForNextTickAsync();
        }

        return true;
    }

    private static void Send(string id, Signal signal)
    {
        foreach (var process in Find(id))
        {
            Platform.Current.Send(process, signal);
        }
    }

    /// <summary>Returns the processes of a run in this clone.</summary>
    public static IReadOnlyList<int> Find(string id) =>
        [.. Platform.Current.FindByEnvironment((StackRuntime.Marker, id)).Where(Platform.Current.IsRunning)];
}
