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
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
