namespace DaprOrders.Testing;

/// <summary>What kind of PostgreSQL a test needs.</summary>
public sealed record PostgresOptions
{
    /// <summary>Gets the port; a free one by default.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// Gets whether commits are on disk when they are answered, as they must be where something is killed. Not needed, and slower, elsewhere.
    /// </summary>
    public bool IsDurable { get; init; }

    /// <summary>Gets more settings, as <c>name=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Gets the size in MiB of a disk of its own, held in memory, which a test can fill. Needs root. Null: the disk.</summary>
    public int? DiskMegabytes { get; init; }
}
