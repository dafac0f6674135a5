namespace DaprOrders.Stack;

/// <summary>Options of a private PostgreSQL server.</summary>
public sealed record PostgresOptions
{
    /// <summary>Gets the port; a free one by default.</summary>
    public int? Port { get; init; }

    /// <summary>Gets whether a commit is on disk before it is acknowledged. Tests that kill the server need this; it is slower.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Gets the folder that keeps the data after the server has ended; null for a temporary folder.</summary>
    public string? Folder { get; init; }

    /// <summary>Gets the password of the role postgres in a new data folder; its name by default, because only this machine reaches the server.</summary>
    public string Password { get; init; } = PostgresCluster.Role;

    /// <summary>Gets additional settings as <c>name=value</c>.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Gets the size in MiB of a separate in-memory disk that a test can fill. Needs root. Null for the normal disk.</summary>
    public int? DiskMegabytes { get; init; }
}
