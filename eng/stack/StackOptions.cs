namespace DaprOrders.Stack;

/// <summary>Describes how a stack differs from dapr.yaml.</summary>
public sealed record StackOptions
{
    /// <summary>Gets the path of the run file, relative to the root.</summary>
    public string RunFile { get; init; } = "dapr.yaml";

    /// <summary>Gets the apps that are started with the command in the run file, not with a built or published program.</summary>
    public IReadOnlyList<string> Unchanged { get; init; } = [];

    /// <summary>Gets the number of instances by app id; one by default.</summary>
    public IReadOnlyDictionary<string, int> Instances { get; init; } = new Dictionary<string, int>();

    /// <summary>Gets the apps that <see cref="StackHost.StartDeferredAsync"/> starts. Only on Dapr.</summary>
    public IReadOnlyList<string> Deferred { get; init; } = [];

    /// <summary>Gets whether apps and sidecars call each other through a proxy of the test, which must listen on the ports between them.</summary>
    public bool IsProxied { get; init; }

    /// <summary>
    /// Gets the ports of proxies of the test between the broker and the sidecars of some apps, by app id. Used only on Dapr, if the stack starts
    /// the broker.
    /// </summary>
    public IReadOnlyDictionary<string, int> BrokerProxies { get; init; } = new Dictionary<string, int>();

    /// <summary>Gets a change of each resource file and, on Dapr, of the settings, exchanges and queues of RabbitMQ.</summary>
    public Func<string, string> ChangeResource { get; init; } = text => text;

    /// <summary>Gets options of Redis that override its normal options. Used only on Dapr, if the stack starts the broker.</summary>
    public IReadOnlyDictionary<string, string> RedisOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the addresses of a broker that the test has started; null if the stack starts its own. Only on Dapr.</summary>
    public string? BrokerAddresses { get; init; }

    /// <summary>Gets additional environment variables of every app.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets folders with other builds of some apps, by app id.</summary>
    public IReadOnlyDictionary<string, string> Builds { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets the program that replaces every service; null for the services.</summary>
    public StackProgram? Instead { get; init; }

    /// <summary>Gets additional settings of PostgreSQL, for example <c>track_commit_timestamp=on</c>.</summary>
    public IReadOnlyList<string> PostgresSettings { get; init; } = [];

    /// <summary>Gets the action that starts a pooler. It gets the port of PostgreSQL and returns the port that the services use.</summary>
    public Func<int, Task<int>> StartPooler { get; init; } = Task.FromResult;

    /// <summary>Gets additional keywords of the services' connection strings.</summary>
    public string ConnectionKeywords { get; init; } = "";

    /// <summary>Gets the size in MiB of an in-memory disk for PostgreSQL, which a test can fill. Needs root. Null for the normal disk.</summary>
    public int? DiskMegabytes { get; init; }
}

/// <summary>A program that can run as any of the apps. APP_ID tells it which one.</summary>
/// <param name="Folder">The name of its folder in the output of ./run.sh publish.</param>
/// <param name="Project">The name of its project and assembly.</param>
public sealed record StackProgram(string Folder, string Project);
