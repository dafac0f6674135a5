using System.ComponentModel.DataAnnotations;

namespace DaprOrders.Messaging;

/// <summary>Settings of the outbox and the event handlers; section <c>Messaging</c> of the configuration.</summary>
public sealed class MessagingOptions
{
    /// <summary>Gets the name of the Dapr pub/sub component. Default <c>pubsub</c>.</summary>
    [Required]
    public string PubSubName { get; init; } = "pubsub";

    /// <summary>
    /// Gets how long an idle relay waits before it looks again without having been woken; the wait varies by a fifth, so that replicas do
    /// not look at the same moment. Default half a second.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>
    /// Gets how long the relay lets events gather before its next call while more than 400 a second are published, by all instances together:
    /// the more there are in a call, the less each costs, here and at every hop after this one. At lower rates none waits. 0 to 1 s, default
    /// 50 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets how many events the relay hands over in one call. 1 to 1,000, default 200.</summary>
    [Range(1, 1000)]
    public int BatchSize { get; init; } = 200;

    /// <summary>Gets how many bytes of data the relay hands over in one call; a single larger event still goes, alone. Default 1 MiB.</summary>
    [Range(1, 3 << 20)]
    public int BatchBytes { get; init; } = 1 << 20;

    /// <summary>
    /// Gets how long the sidecar may take to answer a bulk publish. It must be well below the ten seconds after which PostgreSQL ends the
    /// relay's transaction. Default five seconds.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:00:08")]
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how often an event may fail in its handler before it becomes a dead letter. Transient failures do not count. Default five.</summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; init; } = 5;
}
