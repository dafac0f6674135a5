namespace DaprOrders.DaprEmulator.Resources;

/// <summary>The result of one attempt.</summary>
/// <param name="Status">The HTTP status of the app's response, or null if there was none.</param>
internal readonly record struct Attempt(bool Succeeded, int? Status);

/// <summary>The timeout and the retries for one target.</summary>
internal sealed record TargetPolicy(TimeSpan? Timeout, RetryPolicy? Retry)
{
    public static readonly TargetPolicy None = new(null, null);

    /// <summary>Runs attempts until one succeeds or there are no more retries.</summary>
    /// <param name="attempt">Receives a token that is canceled when the attempt times out.</param>
    /// <param name="stop">Cancels the delay between attempts, but not a running attempt.</param>
    /// <returns>Whether an attempt succeeded.</returns>
    public async Task<bool> RunAsync(TimeProvider time, Func<CancellationToken, Task<Attempt>> attempt, CancellationToken stop)
    {
        var started = time.GetTimestamp();
        for (var retry = 1; ; retry++)
        {
            var result = await RunWithTimeoutAsync(time, attempt);
            if (result.Succeeded)
            {
                return true;
            }

            if (Retry?.ShouldRetry(result.Status) != true || Retry.DelayBefore(retry, time.GetElapsedTime(started)) is not { } delay)
            {
                return false;
            }

            await Task.Delay(delay, time, stop);
        }
    }

    private async Task<Attempt> RunWithTimeoutAsync(TimeProvider time, Func<CancellationToken, Task<Attempt>> attempt)
    {
        if (Timeout is not { } limit)
        {
            return await attempt(CancellationToken.None);
        }

        using var timer = new CancellationTokenSource(limit, time);
        return await attempt(timer.Token);
    }
}
