namespace DaprOrders.Messaging;

/// <summary>
/// Decides whether the relay waits for more events before its next call. A larger batch costs less per event, in the relay and in every later
/// step. At low rates the relay does not wait.
/// </summary>
internal sealed class BatchDelayPolicy(TimeProvider time)
{
    /// <summary>Above this rate, most batches contain several events even without a delay.</summary>
    private const int HighRate = 400;

    /// <summary>Fewer events do not prove a high rate: two single events can arrive within one millisecond.</summary>
    private const int MinimumEvents = 10;

    private long _lastPosition;
    private long _lastTime = time.GetTimestamp();

    /// <summary>
    /// Returns whether events have arrived at a high rate since the last call. Positions count the events of all instances, so each instance
    /// sees the total rate.
    /// </summary>
    /// <param name="position">The highest position in the published batch.</param>
    public bool ShouldDelay(long position)
    {
        var events = position - _lastPosition;
        var seconds = time.GetElapsedTime(_lastTime).TotalSeconds;
        _lastPosition = Math.Max(_lastPosition, position);
        _lastTime = time.GetTimestamp();
        return events >= MinimumEvents && events > HighRate * seconds;
    }
}
