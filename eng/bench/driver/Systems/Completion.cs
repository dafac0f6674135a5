using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>Waits until all accepted orders are settled and notified.</summary>
internal static class Completion
{
    /// <summary>Services that accept orders faster than they handle them need minutes on two cores.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    /// <exception cref="InvalidOperationException">Some orders are not settled and notified after three minutes.</exception>
    public static async Task WaitAsync(IOrderCounter counter, int accepted, StackRuntime runtime)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (!await counter.IsDoneAsync(accepted))
        {
            if (Stopwatch.GetElapsedTime(started) > Timeout)
            {
                throw new InvalidOperationException(
                    $"{accepted} orders were accepted, but these were counted {Timeout.TotalMinutes:F0} minutes later: {await counter.CountAsync()}.\n{runtime.Output}");
            }

            await timer.WaitForNextTickAsync();
        }
    }
}
