using System.ComponentModel.DataAnnotations;

namespace DaprOrders.Messaging;

/// <summary>Configures the outbox and the event handlers. Bound to the configuration section <c>Messaging</c>.</summary>
public sealed class MessagingOptions
{
    /// <summary>Gets the name of the Dapr pub/sub component. Default: <c>pubsub</c>.</summary>
    [Required]
    public string PubSubName { get; init; } = "pubsub";

    /// <summary>Gets the maximum size of an event in bytes. 1 to 4,000,000. Default: 1,000,000, which Kafka accepts.</summary>
    [Range(1, 4_000_000)]
    public int MaxEventBytes { get; init; } = 1_000_000;

    /// <summary>
    /// Gets how long an idle relay waits before it polls the outbox. The actual time varies by 20 %, so that replicas do not poll at the same
    /// moment. 10 ms to 1 h. Default: 0.5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Gets how long the relay waits for more events before its next call. It waits only while all instances together publish more than 400
    /// events per second. 0 to 1 s. Default: 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets the maximum number of events per call. 1 to 1,000. Default: 200.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 200;

    /// <summary>Gets the maximum number of bytes per call. A larger event is sent alone. 1 byte to 3 MiB. Default: 1 MiB.</summary>
    [Range(1, 3 << 20)]
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Gets how long the relay waits for the response of the sidecar. It must be well below 10 s, because PostgreSQL then ends the relay's
    /// transaction. 0.1 to 8 s. Default: 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:08")]
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets how often an event is handled alone, in one delivery, before it becomes a dead letter. Transient failures do not count: the event is
    /// then redelivered. 1 to 1,000. Default: 5.
    /// </summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Gets the age at which a dead letter is deleted, counted from its last failure. At least 1 min. Default: none, which keeps all.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "10000.00:00:00")]
    public TimeSpan? DeadLetterRetention { get; init; }
}
