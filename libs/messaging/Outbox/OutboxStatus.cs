namespace DaprOrders.Messaging;

/// <summary>Holds the last measurement of the outbox, for the metrics and the health check.</summary>
internal sealed class OutboxStatus(TimeProvider time)
{
    private (long Rows, TimeSpan OldestAge, long MeasuredAt)? _measured;

    /// <summary>Gets the number of events in the outbox; null before the first measurement.</summary>
    public long? Rows => _measured?.Rows;

    /// <summary>Gets the age of the oldest event; null before the first measurement. It keeps growing while the database is unavailable.</summary>
    public TimeSpan? OldestAge => _measured switch
    {
        null => null,
        { Rows: 0 } => TimeSpan.Zero,
        { } measured => measured.OldestAge + time.GetElapsedTime(measured.MeasuredAt),
    };

    /// <summary>Gets or sets the error of the last relay run; null if the run succeeded.</summary>
    public string? Failure { get; set; }

    public void Update(long rows, TimeSpan oldestAge) => _measured = (rows, oldestAge, time.GetTimestamp());
}
