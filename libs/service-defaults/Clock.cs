namespace DaprOrders.ServiceDefaults;

/// <summary>The time as the database keeps it.</summary>
public static class Clock
{
    /// <summary>
    /// Reads the time in whole microseconds. PostgreSQL keeps no more: with the rest, the answer given at once and the one read later would
    /// differ.
    /// </summary>
    /// <param name="time">The clock.</param>
    /// <returns>The current time, UTC.</returns>
    public static DateTimeOffset GetMicrosecondNow(this TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var now = time.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
