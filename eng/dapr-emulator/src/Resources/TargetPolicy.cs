namespace DaprOrders.DaprEmulator.Resources;

/// <summary>How one attempt ended.</summary>
/// <param name="Status">The status of the app's answer, or null when there was none.</param>
internal readonly record struct Attempt(bool Done, int? Status);

/// <summary>The timeout and the retries of one target; either may be missing.</summary>
internal sealed record TargetPolicy(TimeSpan? Timeout, RetryPolicy? Retry)
{
    public static readonly TargetPolicy None = new(null, null);

    /// <summary>Runs attempts until one succeeds or the policy ends: one attempt when there are no retries.</summary>
    /// <param name="attempt">Gets a token that is canceled when the attempt times out.</param>
    /// <param name="stop">Cancels the pauses between attempts.</param>
    /// <returns>Whether an attempt succeeded.</returns>
    public async Task<bool> RunAsync(TimeProvider time, Func<CancellationToken, Task<Attempt>> attempt, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        for (var retry = 1; ; retry++)
        {
            var result = await LimitedAsync(time, attempt);
            if (result.Done)
            {
                return true;
            }

            if (Retry?.Repeats(result.Status) != true || Retry.PauseBefore(retry, time.GetElapsedTime(started)) is not { } pause)
            {
                return false;
            }

            await Task.Delay(pause, time, stop);
        }
    }

    private async Task<Attempt> LimitedAsync(TimeProvider time, Func<CancellationToken, Task<Attempt>> attempt)
    {
        if (Timeout is not { } limit)
        {
            return await attempt(CancellationToken.None);
        }

        using var timer = new CancellationTokenSource(limit, time);
        return await attempt(timer.Token);
    }
}
