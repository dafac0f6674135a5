namespace DaprOrders.ServiceDefaults;

/// <summary>Reads the time with the precision of the database.</summary>
public static class Clock
{
    /// <summary>
    /// Returns the current UTC time in whole microseconds. PostgreSQL stores no more, so a response before and one after storing would differ.
    /// </summary>
    public static DateTimeOffset GetMicrosecondNow(this TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return TruncateToMicroseconds(time.GetUtcNow());
    }

    internal static DateTimeOffset TruncateToMicroseconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));
}

/// <summary>
/// A clock that follows the system's clock forward and, from its creation on, never goes back. If an administrator sets the system's clock back by an
/// hour, work that is scheduled by it would otherwise wait for an hour. Not thread-safe.
/// </summary>
public sealed class SteadyClock(TimeProvider time)
{
    private DateTimeOffset _last = time.GetUtcNow();
    private long _timestamp = time.GetTimestamp();

    /// <summary>Returns the current UTC time in whole microseconds.</summary>
    public DateTimeOffset GetNow()
    {
        var timestamp = time.GetTimestamp();
        var steady = _last + time.GetElapsedTime(_timestamp, timestamp);
        var now = time.GetUtcNow();
        _last = now > steady ? now : steady;
        _timestamp = timestamp;
        return Clock.TruncateToMicroseconds(_last);
    }
}
