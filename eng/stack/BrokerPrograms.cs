namespace DaprOrders.Stack;

/// <summary>The program that starts a broker on this machine.</summary>
/// <param name="Name">The name of the broker: <c>kafka</c>, <c>redis</c> or <c>rabbitmq</c>.</param>
/// <param name="Program">The path of the program.</param>
public sealed record BrokerPrograms(string Name, string Program)
{
    /// <summary>The number of partitions of a topic, as in docker-compose.yml.</summary>
    internal const int KafkaPartitions = 3;

    /// <summary>The number of consecutive ports that a broker needs: RabbitMQ also has ports for its cluster and for its name server.</summary>
    internal const int Ports = 3;

    private const string Debian = "/usr/lib/rabbitmq/lib";

    /// <summary>Finds the program of a broker.</summary>
    /// <exception cref="StackException">The broker is not installed.</exception>
    public static BrokerPrograms Find(string broker) => TryFind(broker) ?? throw new StackException($"{Reason(broker)}");

    /// <summary>Returns why a broker cannot be started; null if it can.</summary>
    public static string? Reason(string broker) =>
        TryFind(broker) is not null ? null : $"{(broker switch { "redis" => "redis-server", "rabbitmq" => "rabbitmq-server", _ => broker })} is not on PATH";

    private static BrokerPrograms? TryFind(string broker) => broker switch
    {
        "kafka" => SearchPath.Find("kafka"),
        "redis" => SearchPath.Find("redis-server"),
        "rabbitmq" => FindRabbit(),
        _ => null,
    } is { } program && !OperatingSystem.IsWindows() ? new BrokerPrograms(broker, program) : null;

    /// <summary>On Debian the program on PATH only runs as root or as the user rabbitmq, with the data of the installed server.</summary>
    private static string? FindRabbit() => (Directory.Exists(Debian) ? Directory.GetDirectories(Debian, "rabbitmq_server-*") : [])
        .Select(folder => Path.Combine(folder, "sbin", "rabbitmq-server")).LastOrDefault(File.Exists) ?? SearchPath.Find("rabbitmq-server");

    internal IReadOnlyList<string> Command(int port, string folder, IReadOnlyDictionary<string, string> options) => Name switch
    {
        "kafka" => [Program, "start"],
        "redis" =>
        [
            Program, "--bind", "127.0.0.1", "--port", $"{port}", "--dir", folder, "--appendonly", "yes", "--appendfsync", "always",
            "--set-proc-title", "no", // the title would overwrite the environment, by which the process is found
            .. options.SelectMany(option => (string[])[$"--{option.Key}", option.Value]),
        ],
        _ => [Program],
    };

    internal IReadOnlyDictionary<string, string> Environment(int port, string folder) => Name switch
    {
        "kafka" => new Dictionary<string, string> { ["KAFKA_PORT"] = $"{port}", ["KAFKA_DATA"] = folder },
        "rabbitmq" => new Dictionary<string, string>
        {
            ["HOME"] = folder, // the Erlang cookie is created there
            ["RABBITMQ_NODENAME"] = $"orders{port}@localhost",
            ["RABBITMQ_DIST_PORT"] = $"{port + 1}",
            ["ERL_EPMD_PORT"] = $"{port + 2}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "enabled_plugins"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        },
        _ => new Dictionary<string, string>(),
    };

    /// <summary>Writes the configuration files of the broker.</summary>
    /// <param name="port">The port of the broker.</param>
    /// <param name="folder">The folder of the broker.</param>
    /// <param name="rabbitFolder">A copy of the folder <c>rabbitmq</c>.</param>
    internal void Configure(int port, string folder, string rabbitFolder)
    {
        if (Name == "rabbitmq")
        {
            File.WriteAllText(
                Path.Combine(folder, "rabbitmq.conf"),
                $"""
                listeners.tcp.1 = 127.0.0.1:{port}
                load_definitions = {Path.Combine(rabbitFolder, "definitions.json")}
                {File.ReadAllText(Path.Combine(rabbitFolder, "20-dapr-orders.conf"))}
                """);
            File.WriteAllText(Path.Combine(folder, "enabled_plugins"), "[].");
        }
    }

    /// <summary>Returns the path of a program that is installed next to the broker.</summary>
    internal string Tool(string name) => Path.Combine(Path.GetDirectoryName(Program)!, name);
}
