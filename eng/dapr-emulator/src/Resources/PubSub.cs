namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A pub/sub component of one sidecar. It uses the built-in broker and the redelivery rules of its type.</summary>
internal sealed record PubSub
{
    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string Version { get; init; }

    public required TopicScopes Scopes { get; init; }

    /// <summary>Gets the prefix of topic names. Components with the same broker address share their topics.</summary>
    public required string Broker { get; init; }

    public required string Group { get; init; }

    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Gets a value indicating whether a new group starts with the oldest record. Otherwise it starts with the next new record.</summary>
    public bool StartsAtOldest { get; init; }

    /// <summary>Gets a value indicating whether a group loses its offsets when its last consumer leaves.</summary>
    public bool IsVolatile { get; init; }

    /// <summary>Gets the delay before a failed record is redelivered. If null, the record is lost.</summary>
    public TimeSpan? RedeliveryDelay { get; init; }

    /// <summary>Gets how often a failed record is redelivered before it is lost. A negative number means indefinitely.</summary>
    public int MaxRedeliveries { get; init; } = -1;

    /// <summary>Gets a value indicating whether the type is Kafka. Only Kafka adds record metadata, retries whole batches, and allows one bulk call at a time.</summary>
    public bool IsKafka { get; init; }

    public int MaxMessageBytes { get; init; } = int.MaxValue;

    public int BulkMessages { get; init; } = 100;

    public TimeSpan BulkWait { get; init; } = TimeSpan.FromSeconds(1);

    public string TopicName(string topic) => $"{Broker}/{topic}";
}
