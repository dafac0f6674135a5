namespace DaprOrders.Messaging;

/// <summary>
/// Holds what the relay has learned about a topic: how long the topic is paused, how many rows a call may contain, and which row may be the
/// cause of failures. It uses monotonic time, so that setting the system clock back does not extend a pause.
/// </summary>
internal sealed class TopicBackoff(TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private long _pausedAt;
    private TimeSpan _pause;

    /// <summary>Gets the number of failed calls since the last success.</summary>
    public int Failures { get; private set; }

    /// <summary>Gets the maximum number of rows per call.</summary>
    public int BatchLimit { get; private set; } = int.MaxValue;

    /// <summary>
    /// Gets the row that failed when it was sent alone. The next call sends a row with another key. If that succeeds, the suspected row is the
    /// cause and counts as refused. Otherwise the topic has an outage.
    /// </summary>
    public OutboxRow? SuspectedRow { get; private set; }

    /// <summary>Gets the error of the suspected row.</summary>
    public string SuspectedError { get; private set; } = "";

    /// <summary>Gets the configuration error of the topic; null if there is none.</summary>
    public string? ConfigurationError { get; private set; }

    /// <summary>Gets the remaining time of the pause; zero if the topic is not paused.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var remaining = _pause - time.GetElapsedTime(_pausedAt);
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Resets everything after a successful call.</summary>
    public void Reset()
    {
        Failures = 0;
        BatchLimit = int.MaxValue;
        SuspectedRow = null;
        ConfigurationError = null;
        _pause = TimeSpan.Zero;
    }

    /// <summary>Pauses the topic after a failed call: for 0.2 s, then doubled up to 5 s, with jitter.</summary>
    public void Pause(string? configurationError = null)
    {
        var pause = ShortestPause * Math.Pow(2, Math.Min(Failures, 10));
        StartPause((pause < LongestPause ? pause : LongestPause) * Jitter());
        Failures++;
        SuspectedRow = null;
        ConfigurationError = configurationError;
    }

    /// <summary>Pauses the topic for 5 s. The sidecar may still be publishing, so an earlier retry would only duplicate events.</summary>
    public void PauseAfterUnknownOutcome()
    {
        StartPause(LongestPause);
        Failures++;
        SuspectedRow = null;
    }

    /// <summary>Halves the size of the next call, to find the row that makes the whole call fail.</summary>
    public void HalveBatch(int sent) => BatchLimit = Math.Max(1, sent / 2);

    /// <summary>Marks a row that failed when it was sent alone.</summary>
    public void SuspectRow(OutboxRow row, string error)
    {
        SuspectedRow = row;
        SuspectedError = error;
        BatchLimit = 1;
    }

    /// <summary>Returns a factor from 0.8 to 1.2, so that replicas do not retry at the same moment.</summary>
#pragma warning disable CA5394 // not used for security
    public static double Jitter() => 0.8 + (0.4 * Random.Shared.NextDouble());
#pragma warning restore CA5394

    private void StartPause(TimeSpan pause)
    {
        _pausedAt = time.GetTimestamp();
        _pause = pause;
    }
}
