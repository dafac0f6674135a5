using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>How one attempt to deliver ended.</summary>
/// <param name="Status">The status of the app's answer, or null when there was none.</param>
internal readonly record struct Attempt(bool Done, int? Status);

/// <summary>How all attempts together ended.</summary>
/// <param name="Refusal">What the circuit breaker said, when it was the last that had a say.</param>
internal readonly record struct Outcome(bool Done, string? Refusal = null);

/// <summary>Runs attempts by an inbound or outbound policy: once without one, and as often as it says with one.</summary>
internal static class DeliveryPolicy
{
    /// <param name="attempt">Gets a token that is cancelled when the time of the attempt is over.</param>
    /// <param name="stop">Ends the pauses; the attempts see to their own end.</param>
    public static async Task<Outcome> RunAsync(
        TargetPolicy policy, TimeProvider time, Func<CancellationToken, Task<Attempt>> attempt, CancellationToken stop, CircuitBreaker? breaker = null)
    {
        var started = time.GetTimestamp();
        for (var repetition = 1; ; repetition++)
        {
            if (breaker?.Refusal() is { } refusal)
            {
                // An open breaker is no failure that is tried again: the component or the dead-letter topic has it now.
                return new Outcome(false, refusal);
            }

            var result = await LimitedAsync(policy, time, attempt);
            breaker?.Passed(result.Done);
            if (result.Done)
            {
                return new Outcome(true);
            }

            if (policy.Retry is not { } retry
                || !retry.Repeats(result.Status)
                || retry.PauseBefore(repetition, time.GetElapsedTime(started)) is not { } pause)
            {
                return new Outcome(false);
            }

            await Task.Delay(pause, time, stop);
        }
    }

    private static async Task<Attempt> LimitedAsync(TargetPolicy policy, TimeProvider time, Func<CancellationToken, Task<Attempt>> attempt)
    {
        if (policy.Timeout is not { } limit)
        {
            return await attempt(CancellationToken.None);
        }

        using var timer = new CancellationTokenSource(limit, time);
        return await attempt(timer.Token);
    }
}
