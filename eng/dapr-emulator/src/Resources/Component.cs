namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A resource of kind Component.</summary>
/// <param name="Metadata">The settings, with names as written. All names are case-insensitive, except for one of Kafka's.</param>
/// <param name="IgnoredReason">Why the component is ignored, for a warning, or null.</param>
internal sealed record Component(
    string Name,
    string Type,
    string Version,
    bool IgnoreErrors,
    IReadOnlyDictionary<string, string> Metadata,
    string? IgnoredReason)
{
    public string? Setting(string name) =>
        Metadata.FirstOrDefault(entry => entry.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public bool Flag(string name, bool defaultValue) => Setting(name)?.ToLowerInvariant() switch
    {
        null or "" => defaultValue,
        "true" or "1" or "t" or "yes" or "y" or "on" => true,
        _ => false,
    };
}
