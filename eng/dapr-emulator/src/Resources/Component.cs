namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A resource of kind Component as it stands in the file.</summary>
/// <param name="Metadata">Names as written: most readers compare them without case, one of Kafka's does not.</param>
/// <param name="Unresolved">The reason why the component stays out without being an error, or null.</param>
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
