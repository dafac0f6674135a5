using System.Diagnostics;

namespace DaprOrders.Stack;

/// <summary>Waits for conditions. Every wait has a time limit, after which the exception names the condition.</summary>
public static class Wait
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    /// <summary>Gets the default time limit: long enough for a busy machine, and short enough to end a run that hangs.</summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Waits until the condition is true.</summary>
    /// <param name="what">The condition, for the message "Waited 60 s for …".</param>
    /// <param name="condition">The condition, which is evaluated every 5 ms.</param>
    /// <param name="limit">The time limit; null for <see cref="Limit"/>.</param>
    /// <exception cref="TimeoutException">The condition was not true within the time limit.</exception>
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
