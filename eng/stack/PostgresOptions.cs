namespace DaprOrders.Stack;

/// <summary>What kind of PostgreSQL a test needs.</summary>
public sealed record PostgresOptions
{
    /// <summary>Gets the port; a free one by default.</summary>
    public int? Port { get; init; }

    /// <summary>
    /// Gets whether commits are on disk when they are answered, as they must be where something is killed. Not needed, and slower, elsewhere.
    /// </summary>
    public bool IsDurable { get; init; }

    /// <summary>Gets the folder that keeps the data when the server ends; null: a folder that is deleted then.</summary>
    public string? Folder { get; init; }

    /// <summary>Gets the password of the role postgres in a new data folder.</summary>
    public string Password { get; init; } = "postgres";

    /// <summary>Gets more settings, as <c>name=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Gets the size in MiB of a disk of its own, held in memory, which a test can fill. Needs root. Null: the disk.</summary>
    public int? DiskMegabytes { get; init; }
}
