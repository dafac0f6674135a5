namespace DaprOrders.DaprEmulator.Resources;

/// <summary>One subscription of an app, from the app itself or from a resource file.</summary>
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
    public const string NoRules = "routing rules (routes.rules) are not emulated: use one route per subscription";

    /// <summary>Gets file and line of a declarative subscription, else the request that returned it.</summary>
    public string Place { get; init; } = "GET /dapr/subscribe";

    /// <summary>Gets a value indicating whether the app receives the bytes of a record in base64 instead of the event in it.</summary>
    public bool IsRaw => Metadata.FirstOrDefault(entry => entry.Key.Equals("rawPayload", StringComparison.OrdinalIgnoreCase)).Value
        is { } value && GoBoolean.Parse(value) == true;
}

/// <param name="MaxMessages">Null: the default of the component.</param>
internal sealed record BulkSettings(int? MaxMessages, int? MaxAwaitMilliseconds);

internal static class GoBoolean
{
    /// <summary>Reads the words that Dapr reads as a boolean; null for anything else.</summary>
    public static bool? Parse(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };
}
