namespace DaprOrders.Stack;

/// <summary>The runtime that provides the sidecars.</summary>
public enum RuntimeKind
{
    /// <summary>The emulator in eng/dapr-emulator.</summary>
    Emulator,

    /// <summary>The Dapr CLI, daprd, and the broker of the component.</summary>
    Dapr,
}

/// <summary>The runtime, broker and programs of a stack, read from environment variables.</summary>
/// <param name="Runtime"><c>STACK</c>: <c>emulator</c> (default) or <c>dapr</c>.</param>
/// <param name="Broker"><c>BROKER</c>: <c>kafka</c> (default), <c>redis</c> or <c>rabbitmq</c>. On Dapr it must run at the address in its component.</param>
/// <param name="Published"><c>STACK_BIN</c>: the folder that ./run.sh publish wrote. By default the folder around this program if it was published,
/// otherwise the programs that were built in the clone.</param>
/// <param name="Attached"><c>GATEWAY_URL</c>: the gateway of a running system. Nothing is started then.</param>
/// <param name="Connections">
/// <c>ORDERS_DB</c>, <c>INVENTORY_DB</c>, <c>NOTIFICATION_DB</c>: connection strings for Npgsql to the databases of the running system, by database.
/// By default those in dapr.yaml.
/// </param>
public sealed record StackSettings(
    RuntimeKind Runtime, string Broker, string? Published, Uri? Attached, IReadOnlyDictionary<string, string> Connections)
{
    private static readonly string[] Brokers = ["kafka", "redis", "rabbitmq"];
    private static readonly string[] Databases = ["orders_db", "inventory_db", "notification_db"];

    /// <summary>Gets the folder of dapr.yaml, the components and the SQL script.</summary>
    public string Root => Published ?? Repository.Root;

    /// <summary>Gets the command that starts the emulator.</summary>
    public IReadOnlyList<string> Emulator =>
        Published is not null ? [Path.Combine(Published, "dapr-emulator", "dapr-emulator")] : ["dotnet", Repository.Emulator];

    public static StackSettings FromEnvironment() => Read(System.Environment.GetEnvironmentVariable);

    /// <summary>Returns the command that starts a service.</summary>
    /// <param name="appId">The app id.</param>
    /// <param name="build">A folder with another build of the service; null for the normal one.</param>
    public IReadOnlyList<string> Command(string appId, string? build = null) => Program(appId, Repository.Projects[appId], build);

    /// <summary>Returns the command that starts a program that replaces the services.</summary>
    public IReadOnlyList<string> Command(StackProgram program)
    {
        ArgumentNullException.ThrowIfNull(program);
        return Program(program.Folder, program.Project, null);
    }

    /// <exception cref="InvalidOperationException">A variable has an invalid value. The message lists the valid ones.</exception>
    public static StackSettings Read(Func<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        return new StackSettings(
            RuntimeOf(environment("STACK")),
            BrokerOf(environment("BROKER")),
            PublishedOf(environment("STACK_BIN")) ?? PublishedAround(AppContext.BaseDirectory),
            GatewayOf(environment("GATEWAY_URL")),
            Databases.Where(database => environment(database.ToUpperInvariant()) is { Length: > 0 })
                .ToDictionary(database => database, database => environment(database.ToUpperInvariant())!));
    }

    /// <summary>Published programs contain the .NET runtime. Built programs are started with dotnet, because their own host may not find the runtime.</summary>
    private string[] Program(string folder, string project, string? build) =>
        build is not null ? ["dotnet", Path.Combine(build, $"{project}.dll")]
        : Published is not null ? [Path.Combine(Published, folder, project)]
        : ["dotnet", Repository.Built(project, $"{project}.dll")];

    private static RuntimeKind RuntimeOf(string? value) => value switch
    {
        null or "" or "emulator" => RuntimeKind.Emulator,
        "dapr" => RuntimeKind.Dapr,
        _ => throw new InvalidOperationException($"STACK is '{value}'; it must be emulator or dapr."),
    };

    private static string BrokerOf(string? value) =>
        value is null or "" ? "kafka"
        : Brokers.Contains(value) ? value
        : throw new InvalidOperationException($"BROKER is '{value}'; it must be one of {string.Join(", ", Brokers)}.");

    private static string? PublishedOf(string? value) =>
        value is null or "" ? null
        : IsPublished(value) ? Path.GetFullPath(value)
        : throw new InvalidOperationException($"STACK_BIN is '{value}'; it must be a folder with dapr.yaml and dapr-emulator. ./run.sh publish writes one.");

    /// <summary>Returns the parent folder if it is a published one: published test suites are beside the programs that they test.</summary>
    private static string? PublishedAround(string folder)
    {
        var parent = Path.GetFullPath(Path.Combine(folder, ".."));
        return IsPublished(parent) ? parent : null;
    }

    private static bool IsPublished(string folder) =>
        File.Exists(Path.Combine(folder, "dapr.yaml")) && Directory.Exists(Path.Combine(folder, "dapr-emulator"));

    private static Uri? GatewayOf(string? value) =>
        value is null or "" ? null
        : Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
        : throw new InvalidOperationException($"GATEWAY_URL is '{value}'; it must be a URL like http://localhost:8000.");
}
