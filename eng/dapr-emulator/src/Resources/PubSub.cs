namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A pub/sub component as one sidecar plays it: on the embedded log, with the manners of its type.</summary>
internal sealed record PubSub
{
    public required string Name { get; init; }

    public required string Type { get; init; }

    public required string Version { get; init; }

    public required TopicScopes Scopes { get; init; }

    /// <summary>Gets what tells its topics from those of other brokers: components that name the same broker share topics.</summary>
    public required string Broker { get; init; }

    public required string Group { get; init; }

    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Gets a value indicating whether a new group starts at the first record, not with the next one.</summary>
    public bool StartsAtOldest { get; init; }

    /// <summary>Gets a value indicating whether a group forgets its position when its last consumer leaves.</summary>
    public bool IsVolatile { get; init; }

    /// <summary>Gets the pause before a record that failed comes again, or null: it is lost.</summary>
    public TimeSpan? RedeliveryPause { get; init; }

    /// <summary>Gets how often a record comes again before it is passed over; negative is no end.</summary>
    public int MaxRedeliveries { get; init; } = -1;

    /// <summary>Gets a value indicating whether the type is Kafka, which has record headers, whole-batch retries, and one bulk call at a time.</summary>
    public bool IsKafka { get; init; }

    public int MaxMessageBytes { get; init; } = int.MaxValue;

    public int BulkMessages { get; init; } = 100;

    public TimeSpan BulkWait { get; init; } = TimeSpan.FromSeconds(1);

    public string TopicName(string topic) => $"{Broker}/{topic}";
}
