namespace DaprOrders.Messaging;

/// <summary>What the relay last saw of the outbox, for the metrics and the health check.</summary>
internal sealed class OutboxStatus(TimeProvider time)
{
    private (long Rows, TimeSpan OldestAge, long MeasuredAt)? _measured;

    /// <summary>Gets how many events wait; null before the first measurement.</summary>
    public long? Rows => _measured?.Rows;

    /// <summary>Gets how long the oldest event waits; null before the first measurement. It grows while the database is unavailable.</summary>
    public TimeSpan? OldestAge => _measured switch
    {
        null => null,
        { Rows: 0 } => TimeSpan.Zero,
        { } measured => measured.OldestAge + time.GetElapsedTime(measured.MeasuredAt),
    };

    /// <summary>Gets the error of the relay, which retries; null while it works.</summary>
    public string? Failure { get; set; }

    public void Update(long rows, TimeSpan oldestAge) => _measured = (rows, oldestAge, time.GetTimestamp());
}
