namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A resource of kind Component.</summary>
/// <param name="Metadata">The settings, with names as written. All names are case-insensitive, except for one of Kafka's.</param>
internal sealed record Component(
    string Name,
    string Type,
    string Version,
    bool IgnoreErrors,
    IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Gets the name of the store that <see cref="Secrets"/> use, or null.</summary>
    public string? SecretStore { get; init; }

    /// <summary>Gets the settings whose values are secrets. When the secret stores are loaded, the values are added to <see cref="Metadata"/>.</summary>
    public IReadOnlyList<SecretReference> Secrets { get; init; } = [];

    public string? Setting(string name) =>
        Metadata.FirstOrDefault(entry => entry.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public bool Flag(string name, bool defaultValue) => Setting(name)?.ToLowerInvariant() switch
    {
        null or "" => defaultValue,
        "true" or "1" or "t" or "yes" or "y" or "on" => true,
        _ => false,
    };
}
