namespace DaprOrders.Testing.Stack;

/// <summary>In what a stack differs from dapr.yaml.</summary>
public sealed record StackOptions
{
    /// <summary>Gets how many instances run of an app, by app id; one where nothing is said.</summary>
    public IReadOnlyDictionary<string, int> Instances { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// Gets whether apps and sidecars talk to each other over ports on which somebody else must listen and pass it on: a proxy of the test.
    /// </summary>
    public bool IsProxied { get; init; }

    /// <summary>Gets more environment variables of every app.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets folders with other builds of some apps, by app id.</summary>
    public IReadOnlyDictionary<string, string> Builds { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the program that plays every app in the place of the services; null: the services.</summary>
    public StackProgram? Instead { get; init; }

    /// <summary>Gets more settings of PostgreSQL, for example <c>track_commit_timestamp=on</c>.</summary>
    public IReadOnlyList<string> PostgresSettings { get; init; } = [];

    /// <summary>Gets the size in MiB of a disk of its own for PostgreSQL, held in memory, which a test can fill. Needs root. Null: the disk.</summary>
    public int? DiskMegabytes { get; init; }
}

/// <summary>A program that can play each of the apps; it tells by APP_ID which.</summary>
/// <param name="Folder">Its folder in what eng/publish.sh wrote.</param>
/// <param name="Project">Its project, which is also the name of its assembly.</param>
public sealed record StackProgram(string Folder, string Project);
