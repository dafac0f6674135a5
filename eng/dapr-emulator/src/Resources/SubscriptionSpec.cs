namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A subscription, which the app returned or a resource file declares.</summary>
/// <param name="Route">The path of the app that receives the events.</param>
internal sealed record SubscriptionSpec(
    string PubSub,
    string Topic,
    string Route,
    string DeadLetterTopic,
    IReadOnlyDictionary<string, string> Metadata,
    BulkSettings? Bulk,
    bool Declarative)
{
    public const string RulesNotEmulated = "routing rules (routes.rules) are not emulated: use one route per subscription";

    /// <summary>Gets the file and line of a declarative subscription, or the request that returned a programmatic one.</summary>
    public string Location { get; init; } = "GET /dapr/subscribe";

    /// <summary>Gets a value indicating whether the app receives the bytes of a record in base64, instead of a CloudEvent.</summary>
    public bool IsRaw => Metadata.FirstOrDefault(entry => entry.Key.Equals("rawPayload", StringComparison.OrdinalIgnoreCase)).Value
        is { } value && GoBoolean.Parse(value) == true;
}

/// <summary>The limits of a batch. If null, the defaults of the component apply.</summary>
internal sealed record BulkSettings(int? MaxMessages, int? MaxAwaitMilliseconds);
