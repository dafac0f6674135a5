using System.ComponentModel.DataAnnotations;

namespace DaprOrders.Messaging;

/// <summary>Configures outbox and event handlers; section <c>Messaging</c> of the configuration.</summary>
public sealed class MessagingOptions
{
    /// <summary>Gets the name of the Dapr pub/sub component. Default: <c>pubsub</c>.</summary>
    [Required]
    public string PubSubName { get; init; } = "pubsub";

    /// <summary>
    /// Gets how long an idle relay waits before it polls the outbox. It varies by a fifth, so that replicas do not poll at the same time.
    /// Default: 0.5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Gets how long events accumulate before the relay's next call while all instances together publish more than 400 per second: the more
    /// events a call has, the less each costs, here and at every later step. At lower rates no event waits. 0 to 1 s. Default: 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets the largest number of events that the relay publishes in one call. 1 to 1,000. Default: 200.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 200;

    /// <summary>Gets the largest size in bytes of the events of one call. A larger event is published alone. Default: 1 MiB.</summary>
    [Range(1, 3 << 20)]
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Gets the timeout of a bulk publish. It must be well below the 10 s after which PostgreSQL ends the relay's idle transaction.
    /// Default: 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:08")]
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how often handling an event may fail before it becomes a dead letter. Transient errors do not count. Default: 5.</summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; init; } = 5;
}
