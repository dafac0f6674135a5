namespace DaprOrders.Messaging;

/// <summary>
/// Decides when the relay waits a moment for more events before its next call. A call with many events costs less per event, here and at every
/// later hop. At low rates no event waits.
/// </summary>
internal sealed class BatchDelayPolicy(TimeProvider time)
{
    /// <summary>From this rate on, events are published in calls of several anyway.</summary>
    private const int BusyEventsPerSecond = 400;

    /// <summary>Fewer events are no sign of that rate: two may well come within a millisecond, and none after them.</summary>
    private const int MinimumEvents = 10;

    private long _lastPosition;
    private long _lastTime = time.GetTimestamp();

    /// <summary>
    /// Returns whether events come at a high rate since the last call, by all instances together: positions count every event, whichever
    /// instance publishes it.
    /// </summary>
    /// <param name="position">The highest position of the batch that was published.</param>
    public bool ShouldDelay(long position)
    {
        var events = position - _lastPosition;
        var seconds = time.GetElapsedTime(_lastTime).TotalSeconds;
        _lastPosition = Math.Max(_lastPosition, position);
        _lastTime = time.GetTimestamp();
        return events >= MinimumEvents && events > BusyEventsPerSecond * seconds;
    }
}
