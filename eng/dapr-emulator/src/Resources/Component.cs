namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A resource of kind Component.</summary>
/// <param name="Metadata">Names as written: most are compared without case, but one of Kafka's with case.</param>
/// <param name="Unresolved">The reason to ignore the component with a warning, or null.</param>
internal sealed record Component(
    string Name,
    string Type,
    string Version,
    bool IgnoreErrors,
    IReadOnlyDictionary<string, string> Metadata,
    string? Unresolved)
{
    public string? Setting(string name) =>
        Metadata.FirstOrDefault(entry => entry.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public bool Flag(string name, bool otherwise) => Setting(name)?.ToLowerInvariant() switch
    {
        null or "" => otherwise,
        "true" or "1" or "t" or "yes" or "y" or "on" => true,
        _ => false,
    };
}
