namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A pub/sub component of one sidecar: on the built-in broker, with the redelivery rules of its type.</summary>
internal sealed record PubSub
{
    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string Version { get; init; }

    public required TopicScopes Scopes { get; init; }

    /// <summary>Gets the prefix of its topics: components that name the same broker share topics.</summary>
    public required string Broker { get; init; }

    public required string Group { get; init; }

    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Gets a value indicating whether a new group starts with the first record instead of the next one.</summary>
    public bool StartsAtOldest { get; init; }

    /// <summary>Gets a value indicating whether a group forgets its position when its last consumer leaves.</summary>
    public bool IsVolatile { get; init; }

    /// <summary>Gets the pause before a failed record is redelivered, or null: it is lost.</summary>
    public TimeSpan? RedeliveryPause { get; init; }

    /// <summary>Gets how often a record is redelivered before it is skipped; negative: indefinitely.</summary>
    public int MaxRedeliveries { get; init; } = -1;

    /// <summary>Gets a value indicating whether the type is Kafka, with record metadata, whole-batch retries, and one bulk call at a time.</summary>
    public bool IsKafka { get; init; }

    public int MaxMessageBytes { get; init; } = int.MaxValue;

    public int BulkMessages { get; init; } = 100;

    public TimeSpan BulkWait { get; init; } = TimeSpan.FromSeconds(1);

    public string TopicName(string topic) => $"{Broker}/{topic}";
}
