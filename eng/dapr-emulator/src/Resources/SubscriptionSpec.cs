namespace DaprOrders.DaprEmulator.Resources;

/// <summary>One subscription of an app, from the app itself or from a resource file.</summary>
/// <param name="Rules">Tried in order; a rule without condition is the default and stands last.</param>
internal sealed record SubscriptionSpec(
    string PubSub,
    string Topic,
    IReadOnlyList<RouteRule> Rules,
    string DeadLetterTopic,
    IReadOnlyDictionary<string, string> Metadata,
    BulkSettings? Bulk,
    bool Declarative)
{
    /// <summary>Gets file and line of a declarative one, or who asked for it.</summary>
    public string Place { get; init; } = "GET /dapr/subscribe";

    /// <summary>Gets a value indicating whether the app gets records as they are, wrapped in base64, instead of as events.</summary>
    public bool IsRaw => Metadata.FirstOrDefault(entry => entry.Key.Equals("rawPayload", StringComparison.OrdinalIgnoreCase)).Value
        is { } value && GoBoolean.Parse(value) == true;
}

internal sealed record RouteRule(string? Match, string Path);

/// <param name="MaxMessages">Null: what the component does by itself.</param>
internal sealed record BulkSettings(int? MaxMessages, int? MaxAwaitMilliseconds);

internal static class GoBoolean
{
    /// <summary>Reads what Go reads as a boolean; null for anything else.</summary>
    public static bool? Parse(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };
}
