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

    internal static async Task StopAsync(string id)
    {
        foreach (var signal in (Signal[])[Signal.Terminate, Signal.Kill])
        {
            foreach (var process in Find(id))
            {
                Platform.Current.Send(process, signal);
            }

            try
            {
                await Wait.UntilAsync("the processes of the run to end", async () =>
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(50));
                    return Find(id).Count == 0;
                }, Patience);
                return;
            }
            catch (TimeoutException)
            {
                // Some hear no request to end.
            }
        }
    }

    private static IReadOnlyList<int> Find(string id) =>
        [.. Platform.Current.FindByEnvironment((StackRuntime.Marker, id)).Where(Platform.Current.IsRunning)];
}
