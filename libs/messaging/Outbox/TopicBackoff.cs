namespace DaprOrders.Messaging;

/// <summary>What the relay remembers of one topic between batches: how long it leaves it alone, and how large a batch it dares to send.</summary>
internal sealed class TopicBackoff(TimeProvider time)
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private int _failures;

    /// <summary>Gets until when nothing of this topic is sent.</summary>
    public DateTimeOffset PausedUntil { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Gets how many rows may be sent together while a bad one is being looked for.</summary>
    public int Limit { get; private set; } = int.MaxValue;

    /// <summary>Gets a value indicating whether the last call failed.</summary>
    public bool IsFailing => _failures > 0;

    /// <summary>Gets why the topic is misconfigured, or null when it is not known to be.</summary>
    public string? Misconfigured { get; private set; }

    public void Passed()
    {
        _failures = 0;
        Limit = int.MaxValue;
        Misconfigured = null;
    }

    /// <summary>Leaves the topic alone for 0.2 s after the first failure, up to 5 s after many, a fifth more or less.</summary>
    /// <returns>How many calls have failed in a row.</returns>
    public int Pause(string? misconfigured = null)
    {
        var pause = ShortestPause * Math.Pow(2, Math.Min(_failures, 10));
        PauseFor(pause < LongestPause ? pause : LongestPause);
        Misconfigured = misconfigured;
        return ++_failures;
    }

    /// <summary>The outcome is unknown and the sidecar may still be at it: sending at once would only make more copies.</summary>
    public int PauseAfterUnknown()
    {
        PausedUntil = time.GetUtcNow() + LongestPause;
        return ++_failures;
    }

    /// <summary>Some row of the last batch is bad: send half as many, at once, until it stands alone.</summary>
    public void Halve(int sent) => Limit = Math.Max(1, sent / 2);

    private void PauseFor(TimeSpan pause) => PausedUntil = time.GetUtcNow() + (pause * Jitter.Factor());
}
