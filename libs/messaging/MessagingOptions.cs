using System.ComponentModel.DataAnnotations;

namespace DaprOrders.Messaging;

/// <summary>Configures outbox and event handlers; section <c>Messaging</c> of the configuration.</summary>
public sealed class MessagingOptions
{
    /// <summary>Gets the name of the Dapr pub/sub component. Default: <c>pubsub</c>.</summary>
    [Required]
    public string PubSubName { get; init; } = "pubsub";

    /// <summary>Gets the size in bytes above which <c>Publish</c> refuses an event. 1 to 4,000,000, default: 1,000,000, which Kafka accepts.</summary>
    [Range(1, 4_000_000)]
    public int MaxEventBytes { get; init; } = 1_000_000;

    /// <summary>
    /// Gets how long an idle relay waits before it polls the outbox. The wait varies by a fifth, so that replicas do not poll at the same moment.
    /// 10 ms to 1 h, default: 0.5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Gets how long the relay waits for more events before its next call while more than 400 events per second are published by all instances
    /// together. At lower rates no event waits. 0 to 1 s, default: 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets the maximum number of events per call. 1 to 1,000, default: 200.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 200;

    /// <summary>Gets the maximum number of bytes of data per call. A larger event is sent alone. 1 to 3 MiB, default: 1 MiB.</summary>
    [Range(1, 3 << 20)]
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Gets how long the relay waits for the sidecar's response. It must be well below the 10 s after which PostgreSQL ends the relay's
    /// transaction. 0.1 to 8 s, default: 5 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:08")]
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets how often an event may fail in its handler before it becomes a dead letter. Failures that pass do not count. 1 to 1,000, default: 5.
    /// </summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; init; } = 5;
}
