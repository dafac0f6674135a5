using System.Diagnostics;
using System.Text.RegularExpressions;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>A private broker on free ports of 127.0.0.1, with an empty data folder that is deleted at the end.</summary>
public sealed partial class BrokerHost : IAsyncDisposable
{
    /// <summary>The limit is high because a killed Kafka reads its log again, possibly while other programs use all cores.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);

    /// <summary>rabbitmqctl needs seconds of processor time to start.</summary>
    private static readonly TimeSpan ControlTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The programs that receive SIGTERM. The Erlang runtime crashes if its helper processes receive it as well.</summary>
    private static readonly string[] Servers = ["java", "redis-server", "beam.smp"];

    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly BrokerPrograms _programs;
    private readonly Resource _component;
    private readonly string _rabbitFolder;
    private readonly string _folder;
    private readonly Broker _broker;

    private readonly IReadOnlyDictionary<string, int> _proxies;
    private readonly IReadOnlyDictionary<string, string> _options;
    private readonly Dictionary<string, int> _listeners;
    private string _kafkaProperties = "";

    private BrokerHost(
        BrokerPrograms programs, string componentFile, string rabbitFolder, IReadOnlyDictionary<string, int> proxies,
        IReadOnlyDictionary<string, string> options)
    {
        _programs = programs;
        _component = Resource.Read(componentFile);
        _rabbitFolder = rabbitFolder;
        _folder = Ownership.CreateFolder("broker");
        Port = FreePort.TakeConsecutive(BrokerPrograms.Ports);
        _broker = new Broker(programs.Name, "127.0.0.1", Port);
        _proxies = proxies;
        _options = options;
        _listeners = proxies.Keys.ToDictionary(appId => appId, _ => programs.Name == "kafka" ? FreePort.Take() : Port);
    }

    public string Name => _programs.Name;

    public int Port { get; }

    /// <summary>Returns the port to which the proxy of an app forwards.</summary>
    public int PortBehindProxy(string appId) => _listeners[appId];

    private string Log => Path.Combine(_folder, "start.log");

    /// <summary>Starts a broker that contains no events, and creates the topics of a component.</summary>
    /// <param name="componentFile">The component, which determines the kind of broker.</param>
    /// <param name="rabbitFolder">A copy of the folder <c>rabbitmq</c>, with the settings, exchanges and queues of RabbitMQ.</param>
    /// <param name="proxies">The ports of the proxies between the broker and the sidecars of some apps, by app id.</param>
    /// <param name="options">Additional options of Redis.</param>
    /// <exception cref="StackException">The broker is not installed or did not start.</exception>
    public static async Task<BrokerHost> StartAsync(
        string componentFile, string rabbitFolder, IReadOnlyDictionary<string, int>? proxies = null,
        IReadOnlyDictionary<string, string>? options = null)
    {
        var name = Broker.Read(componentFile).Name;
        var programs = BrokerPrograms.Find(name);
        await Ownership.PrepareAsync();
        var broker = new BrokerHost(
            programs, componentFile, rabbitFolder, proxies ?? new Dictionary<string, int>(), options ?? new Dictionary<string, string>());
        try
        {
            await broker.StartAsync();
            await broker.CreateTopicsAsync();
            return broker;
        }
        catch
        {
            await broker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates a node of a Kafka cluster, but does not start it.</summary>
    /// <param name="componentFile">The component of Kafka.</param>
    /// <param name="properties">Returns the properties of the node from its port.</param>
    internal static BrokerHost CreateKafkaNode(string componentFile, Func<int, string> properties)
    {
        var node = new BrokerHost(
            BrokerPrograms.Find("kafka"), componentFile, rabbitFolder: "", new Dictionary<string, int>(), new Dictionary<string, string>());
        node._kafkaProperties = properties(node.Port);
        return node;
    }

    /// <summary>Deletes the data of a broker that is not running.</summary>
    internal void DeleteData()
    {
        Directory.Delete(_folder, recursive: true);
        Directory.CreateDirectory(_folder);
    }

    /// <summary>Starts the broker with the data that it has, unless it runs.</summary>
    public async Task StartAsync()
    {
        if (await IsAvailableAsync())
        {
            return;
        }

        // The launcher of Kafka starts nothing if another process now has the id of the killed broker.
        File.Delete(Path.Combine(_folder, "pid"));
        using var process = Process.Start(StartInfo())!;
        await Wait.UntilAsync($"{_broker} to respond", async () => Failed() || await IsAvailableAsync(), StartTimeout);
        if (Failed())
        {
            throw new StackException($"{_broker} exited with {process.ExitCode}:\n{await File.ReadAllTextAsync(Log)}");
        }

        // The launcher of Kafka exits with 0 once Kafka runs.
        bool Failed() => process.HasExited && process.ExitCode != 0;
    }

    /// <summary>Asks the broker to end, and kills it after 20 s.</summary>
    public async Task StopAsync()
    {
        var servers = Leftovers.Find(_id).Where(id => Platform.Current.CommandLine(id) is [var program, ..] && Servers.Contains(Path.GetFileName(program))).ToList();
        servers.ForEach(id => Platform.Current.Send(id, Signal.Terminate));
        try
        {
            await Wait.UntilAsync($"{_broker} to end", () => !servers.Exists(Platform.Current.IsRunning), StopTimeout);
        }
        catch (TimeoutException)
        {
            // Killed below.
        }

        await KillAsync();
    }

    /// <summary>Kills all processes of the broker.</summary>
    public Task KillAsync() => Wait.UntilAsync($"the processes of {_broker} to end", () => Send(Signal.Kill) == 0);

    /// <summary>Freezes all processes of the broker. Its connections stay open, but it reads nothing.</summary>
    public void Freeze() => Send(Signal.Freeze);

    /// <summary>Continues all processes of a frozen broker.</summary>
    public void Continue() => Send(Signal.Continue);

    /// <summary>Stops the broker and starts it with the same data.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Returns the version that the broker logged when it started.</summary>
    public async Task<string> ReadVersionAsync()
    {
        foreach (var log in Directory.GetFiles(_folder, "*.log", SearchOption.AllDirectories))
        {
            if (VersionLine().Match(await File.ReadAllTextAsync(log)) is { Success: true } line)
            {
                return line.Groups["version"].Value;
            }
        }

        throw new StackException($"{_broker} did not log its version in {_folder}");
    }

    /// <summary>Runs rabbitmqctl on this broker and returns its output.</summary>
    /// <exception cref="StackException">rabbitmqctl failed.</exception>
    public async Task<string> ControlRabbitAsync(params string[] arguments)
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(
            [_programs.Tool("rabbitmqctl"), "--quiet", .. arguments], _folder, ControlTimeout, _programs.Environment(Port, _folder), CancellationToken.None);
        return exitCode == 0 ? output : throw new StackException($"rabbitmqctl {string.Join(' ', arguments)} exited with {exitCode}:\n{output}");
    }

    /// <summary>Returns whether the broker responds to a request in its protocol.</summary>
    public Task<bool> IsAvailableAsync() => _broker.RespondsAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Sends a signal to all processes of the broker, and returns their number.</summary>
    private int Send(Signal signal)
    {
        var running = Leftovers.Find(_id);
        foreach (var id in running)
        {
            Platform.Current.Send(id, signal);
        }

        return running.Count;
    }

    private ProcessStartInfo StartInfo()
    {
        _programs.Configure(Port, _folder, _rabbitFolder);

        // Output goes to a file and not to a pipe, because the broker outlives its launcher and would keep the pipe open.
        var start = new ProcessStartInfo("sh", ["-c", "exec \"$@\" > \"$0\" 2>&1 < /dev/null", Log, .. _programs.Command(Port, _folder, _options)]) { WorkingDirectory = _folder };
        foreach (var (name, value) in Environment().Append(KeyValuePair.Create(StackRuntime.Marker, _id)))
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>
    /// Returns the environment of the broker. Clients of Kafka connect to the address that Kafka advertises, so each proxy needs a listener that
    /// advertises the proxy.
    /// </summary>
    private Dictionary<string, string> Environment()
    {
        var environment = new Dictionary<string, string>(_programs.Environment(Port, _folder));
        if (_kafkaProperties.Length > 0)
        {
            environment["KAFKA_PROPERTIES"] = _kafkaProperties;
        }

        if (_programs.Name == "kafka" && _proxies.Count > 0)
        {
            string Listeners(Func<string, string> format) => string.Concat(_proxies.Keys.Select(appId => $",{format(appId)}"));
            environment["KAFKA_PROPERTIES"] = $"""
                listeners=PLAINTEXT://127.0.0.1:{Port},CONTROLLER://127.0.0.1:{Port + 1}{Listeners(appId => $"{appId.ToUpperInvariant()}://127.0.0.1:{_listeners[appId]}")}
                advertised.listeners=PLAINTEXT://127.0.0.1:{Port}{Listeners(appId => $"{appId.ToUpperInvariant()}://127.0.0.1:{_proxies[appId]}")}
                listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{Listeners(appId => $"{appId.ToUpperInvariant()}:PLAINTEXT")}
                """;
        }

        return environment;
    }

    private Task CreateTopicsAsync() =>
        _programs.Name == "kafka" ? KafkaTopics.CreateAsync(Port, _component.Topics, BrokerPrograms.KafkaPartitions) : Task.CompletedTask;

    [GeneratedRegex(@"(Kafka version: |Redis version=|Starting RabbitMQ )(?<version>[0-9]+(\.[0-9]+)*)")]
    private static partial Regex VersionLine();
}
