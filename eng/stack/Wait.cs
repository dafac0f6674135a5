using System.Diagnostics;

namespace DaprOrders.Stack;

/// <summary>Waits for conditions. Every wait has a limit, and says what it waited for when that has passed.</summary>
public static class Wait
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Gets the limit of a wait that sets none: long enough for a busy machine, short enough for a run that hangs.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Waits until the condition is true.</summary>
    /// <param name="what">The state that is waited for, as it completes the sentence "Waited for …".</param>
    /// <param name="condition">Is evaluated every 5 ms.</param>
    /// <param name="limit">60 s by default.</param>
    /// <exception cref="TimeoutException">The limit passed.</exception>
    public static Task UntilAsync(string what, Func<bool> condition, TimeSpan? limit = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return UntilAsync(what, () => Task.FromResult(condition()), limit);
    }

    /// <inheritdoc cref="UntilAsync(string, Func{bool}, TimeSpan?)"/>
    public static async Task UntilAsync(string what, Func<Task<bool>> condition, TimeSpan? limit = null)
    {
        ArgumentNullException.ThrowIfNull(condition);
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > (limit ?? Limit))
            {
                throw new TimeoutException($"Waited {(limit ?? Limit).TotalSeconds:0.#} s for {what}.");
            }

            await Task.Delay(Interval);
        }
    }
}
