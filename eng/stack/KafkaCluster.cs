namespace DaprOrders.Stack;

/// <summary>
/// A private Kafka cluster on free ports of 127.0.0.1: a controller, and three brokers with their own data folders. Each has a replica of every
/// partition, and the first one is the leader.
/// </summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    private const int ControllerId = 100;

    private static readonly int[] Ids = [1, 2, 3];

    /// <summary>A broker registers at the controller after it has started to respond.</summary>
    private static readonly TimeSpan RegistrationTimeout = TimeSpan.FromSeconds(60);

    private readonly BrokerHost _controller;
    private readonly IReadOnlyList<BrokerHost> _brokers;

    private KafkaCluster(string componentFile, int minInsyncReplicas)
    {
        _controller = BrokerHost.CreateKafkaNode(componentFile, port => $"""
            process.roles=controller
            node.id={ControllerId}
            controller.quorum.voters={ControllerId}@127.0.0.1:{port}
            listeners=CONTROLLER://127.0.0.1:{port}
            advertised.listeners=CONTROLLER://127.0.0.1:{port}
            """);
        _brokers = [.. Ids.Select(id => BrokerHost.CreateKafkaNode(componentFile, port => $"""
            process.roles=broker
            node.id={id}
            controller.quorum.voters={ControllerId}@127.0.0.1:{_controller.Port}
            listeners=PLAINTEXT://127.0.0.1:{port}
            offsets.topic.replication.factor=3
            broker.session.timeout.ms=30000
            min.insync.replicas={minInsyncReplicas}
            """))];
    }

    public IReadOnlyList<BrokerHost> Brokers => _brokers;

    /// <summary>Gets the addresses of the brokers, separated by commas.</summary>
    public string Addresses => string.Join(',', _brokers.Select(broker => $"127.0.0.1:{broker.Port}"));

    /// <summary>Starts a cluster that contains no events, and creates the topics of a component.</summary>
    /// <param name="componentFile">The component of Kafka.</param>
    /// <param name="minInsyncReplicas">How many brokers must have an event before it is acknowledged.</param>
    /// <exception cref="StackException">Kafka is not installed or did not start.</exception>
    public static async Task<KafkaCluster> StartAsync(string componentFile, int minInsyncReplicas = 2)
    {
        await Ownership.PrepareAsync();
        var cluster = new KafkaCluster(componentFile, minInsyncReplicas);
        try
        {
            await Task.WhenAll(cluster._brokers.Append(cluster._controller).Select(node => node.StartAsync()));
            await cluster.CreateTopicsAsync(Resource.Read(componentFile).Topics);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills a broker and deletes its data.</summary>
    public static async Task DestroyAsync(BrokerHost broker)
    {
        ArgumentNullException.ThrowIfNull(broker);
        await broker.KillAsync();
        broker.DeleteData();
    }

    /// <summary>Starts the brokers that are not running.</summary>
    public Task StartAsync() => Task.WhenAll(_brokers.Select(broker => broker.StartAsync()));

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _brokers.Append(_controller))
        {
            await node.DisposeAsync();
        }
    }

    /// <summary>Creates the topics as soon as every broker is registered.</summary>
    private Task CreateTopicsAsync(IReadOnlyCollection<string> topics) => Wait.UntilAsync(
        "the brokers of Kafka to be registered",
        async () =>
        {
            try
            {
                await KafkaTopics.CreateAsync(_brokers[0].Port, topics, BrokerPrograms.KafkaPartitions, Ids);
                return true;
            }
            catch (StackException e) when (e.Message.Contains("error 39 ", StringComparison.Ordinal)) // a replica on a broker that is not registered
            {
                return false;
            }
        },
        RegistrationTimeout);
}
