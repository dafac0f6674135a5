namespace DaprOrders.Messaging;

/// <summary>
/// What the relay remembers of a topic between calls: how long it backs off, how many rows it may send together, and which single row it
/// suspects. It uses the monotonic clock, so that a clock that is set back does not extend a pause.
/// </summary>
internal sealed class TopicBackoff(TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private long _pauseBegan;
    private TimeSpan _pause;

    /// <summary>Gets how many calls in a row have failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Gets how many rows a call may contain.</summary>
    public int BatchLimit { get; private set; } = int.MaxValue;

    /// <summary>
    /// Gets the row that failed alone. The next call sends a row of another key: if that passes, the suspect is refused, otherwise no row is to
    /// blame and the topic backs off.
    /// </summary>
    public OutboxRow? SuspectedRow { get; private set; }

    /// <summary>Gets the error with which the suspect failed.</summary>
    public string SuspectedError { get; private set; } = "";

    /// <summary>Gets why the topic is misconfigured; null if it is not known to be.</summary>
    public string? Misconfigured { get; private set; }

    /// <summary>Gets how long the pause still lasts; zero if there is none.</summary>
    public TimeSpan Remaining
    {
        get
        {
            var remaining = _pause - time.GetElapsedTime(_pauseBegan);
            return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
        }
    }

    /// <summary>Forgets all failures after a call that passed.</summary>
    public void Reset()
    {
        Failures = 0;
        BatchLimit = int.MaxValue;
        SuspectedRow = null;
        Misconfigured = null;
        _pause = TimeSpan.Zero;
    }

    /// <summary>Pauses after a failed call: 0.2 s after the first one, doubled up to 5 s, with jitter.</summary>
    public void Pause(string? misconfigured = null)
    {
        var pause = ShortestPause * Math.Pow(2, Math.Min(Failures, 10));
        Begin((pause < LongestPause ? pause : LongestPause) * Jitter());
        Failures++;
        SuspectedRow = null;
        Misconfigured = misconfigured;
    }

    /// <summary>Pauses for 5 s after a call without a response: the sidecar may still be publishing, and an early retry would only duplicate events.</summary>
    public void PauseAfterUnknownOutcome()
    {
        Begin(LongestPause);
        Failures++;
        SuspectedRow = null;
    }

    /// <summary>Halves the next call, to find the bad row of one that was refused as a whole.</summary>
    public void HalveBatch(int sent) => BatchLimit = Math.Max(1, sent / 2);

    /// <summary>Suspects a row that failed alone.</summary>
    public void SuspectRow(OutboxRow row, string error)
    {
        SuspectedRow = row;
        SuspectedError = error;
        BatchLimit = 1;
    }

    /// <summary>Returns a factor from 0.8 to 1.2, so that replicas do not retry at the same moment.</summary>
#pragma warning disable CA5394 // no secret depends on it
    public static double Jitter() => 0.8 + (0.4 * Random.Shared.NextDouble());
#pragma warning restore CA5394

    private void Begin(TimeSpan pause)
    {
        _pauseBegan = time.GetTimestamp();
        _pause = pause;
    }
}
