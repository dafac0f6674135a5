using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for docker-compose*.yml: only this machine can reach the servers, and what they have acknowledged is on disk.</summary>
internal static partial class ComposeRules
{
    private const string Compose = "docker-compose.yml";
    private const string RabbitSettings = "rabbitmq/20-dapr-orders.conf";

    /// <summary>The folders with data that must survive a container.</summary>
    private static readonly (string Service, string Folder)[] DataFolders =
    [
        ("postgres", "/var/lib/postgresql/data"),
        ("zookeeper", "/var/lib/zookeeper/data"),
        ("zookeeper", "/var/lib/zookeeper/log"),
        ("kafka", "/var/lib/kafka/data"),
        ("redis", "/data"),
        ("rabbitmq", "/var/lib/rabbitmq"),
    ];

    [FailsOn(Compose, "- 127.0.0.1:6379:6379", "- 6379:6379", "services.redis.ports publishes 6379:6379 on every address")]
    [FailsOn(Compose, "- 127.0.0.1:5050:80", "- 0.0.0.0:5050:80", "services.pgadmin.ports publishes 0.0.0.0:5050:80 on every address")]
    [FailsOn(
        Compose, "- 127.0.0.1:5672:5672", "- {target: 5672, published: 5672}",
        "services.rabbitmq.ports publishes 5672:5672 on every address")]
    [FailsOn(
        Compose, "    image: redis:7.2", "    image: redis:7.2\n    network_mode: host",
        "services.redis.network_mode publishes every port on every address")]
    [FailsOn("docker-compose.more.yml", "", "services: {web: {ports: [80]}}", "services.web.ports publishes 80 on every address")]
    public static IEnumerable<string> Ports_are_published_on_127_0_0_1_only(DeploymentFiles files)
    {
        foreach (var (path, name, service) in files.Under("docker-compose").SelectMany(path => Services(files, path)))
        {
            foreach (var port in Published(service).Where(port => !port.StartsWith("127.0.0.1:", StringComparison.Ordinal)))
            {
                yield return $"{path}: services.{name}.ports publishes {port} on every address";
            }

            if (service.Text("network_mode") == "host")
            {
                yield return $"{path}: services.{name}.network_mode publishes every port on every address";
            }
        }
    }

    [FailsOn(Compose, "- 127.0.0.1:5433:5432", "- 127.0.0.1:5434:5432", "services.postgres.ports must have 5433, not 5434")]
    [FailsOn(Compose, "    ports:\n    - 127.0.0.1:9092:9092\n", "", "services.kafka.ports must have 9092, not nothing")]
    public static IEnumerable<string> Servers_are_on_the_ports_of_the_design(DeploymentFiles files)
    {
        foreach (var (name, port) in Design.Servers)
        {
            var published = Published(Service(files, name)).Select(mapping => mapping.Split(':')[^2]).ToList();
            if (published is not [var actual] || actual != $"{port}")
            {
                var found = published is [] ? "nothing" : string.Join(", ", published);
                yield return $"{Compose}: services.{name}.ports must have {port}, not {found}";
            }
        }
    }

    [FailsOn(
        Compose, "HOST://localhost:9092", "HOST://localhost:9094",
        "services.kafka.environment.KAFKA_ADVERTISED_LISTENERS must contain HOST://localhost:9092")]
    public static IEnumerable<string> Kafka_advertises_the_published_port(DeploymentFiles files)
    {
        const string listeners = "KAFKA_ADVERTISED_LISTENERS";
        var expected = $"HOST://localhost:{Design.Servers["kafka"]}";
        if (Service(files, "kafka").Text("environment", listeners)?.Split(',').Contains(expected) != true)
        {
            yield return $"{Compose}: services.kafka.environment.{listeners} must contain {expected}";
        }
    }

    [FailsOn(Compose, "--appendonly, \"yes\"", "--appendonly, \"no\"", "services.redis.command must have --appendonly yes, not no")]
    [FailsOn(Compose, ", --appendfsync, always", "", "services.redis.command must have --appendfsync always, not nothing")]
    [FailsOn(
        Compose, "--appendfsync, always", "--appendfsync, everysec",
        "services.redis.command must have --appendfsync always, not everysec")]
    public static IEnumerable<string> Redis_writes_every_command_to_disk_before_it_responds(DeploymentFiles files)
    {
        var command = Service(files, "redis").At("command").Texts();
        foreach (var (option, expected) in ((string, string)[])[("--appendonly", "yes"), ("--appendfsync", "always")])
        {
            var actual = command.SkipWhile(argument => argument != option).Skip(1).FirstOrDefault();
            if (actual != expected)
            {
                yield return $"{Compose}: services.redis.command must have {option} {expected}, not {actual ?? "nothing"}";
            }
        }
    }

    [FailsOn(Compose, "    - redis-data:/data\n", "    - redis-data:/tmp\n", "services.redis.volumes has no volume for /data")]
    [FailsOn(Compose, "    - zookeeper-log:/var/lib/zookeeper/log\n", "", "services.zookeeper.volumes has no volume for /var/lib/zookeeper/log")]
    public static IEnumerable<string> Data_survives_its_container(DeploymentFiles files) =>
        from data in DataFolders
        where !Service(files, data.Service).At("volumes").Texts().Any(volume => volume.Split(':').ElementAtOrDefault(1) == data.Folder)
        select $"{Compose}: services.{data.Service}.volumes has no volume for {data.Folder}";

    [FailsOn(Compose, "    hostname: rabbitmq\n", "", "services.rabbitmq.hostname is missing, but the name of the data folder depends on it")]
    public static IEnumerable<string> RabbitMq_has_a_fixed_host_name(DeploymentFiles files) =>
        Service(files, "rabbitmq").Text("hostname") is null
            ? [$"{Compose}: services.rabbitmq.hostname is missing, but the name of the data folder depends on it"]
            : [];

    [FailsOn(
        Compose, "/20-dapr-orders.conf /etc/rabbitmq/conf.d/", "/20-dapr-orders.conf /etc/rabbitmq/",
        "services.rabbitmq.entrypoint does not install 20-dapr-orders.conf in /etc/rabbitmq/conf.d/")]
    [FailsOn(RabbitSettings, "\nconsumer_timeout", "\n# consumer_timeout", "consumer_timeout is missing")]
    public static IEnumerable<string> RabbitMq_redelivers_what_a_consumer_does_not_acknowledge(DeploymentFiles files)
    {
        if (!Service(files, "rabbitmq").At("entrypoint").Texts().Any(text => text.Contains("/20-dapr-orders.conf /etc/rabbitmq/conf.d/", StringComparison.Ordinal)))
        {
            yield return $"{Compose}: services.rabbitmq.entrypoint does not install 20-dapr-orders.conf in /etc/rabbitmq/conf.d/";
        }

        if (!files[RabbitSettings].Contains("\nconsumer_timeout = ", StringComparison.Ordinal))
        {
            yield return $"{RabbitSettings}: consumer_timeout is missing";
        }
    }

    [FailsOn(
        Compose, "for topic in order.created", "for topic in order.created orders.created",
        "services.topics.command creates orders.created, which is not a topic of the design")]
    [FailsOn(Compose, " inventory.dead notification.dead;", " inventory.dead;", "services.topics.command does not create notification.dead")]
    public static IEnumerable<string> Topics_are_those_of_the_design(DeploymentFiles files)
    {
        var created = TopicLoop().Match(string.Join('\n', Service(files, "topics").At("command").Texts())).Groups[1].Value.Split(' ');
        return created.Except(Design.Topics)
            .Select(topic => $"{Compose}: services.topics.command creates {topic}, which is not a topic of the design")
            .Concat(Design.Topics.Except(created).Select(topic => $"{Compose}: services.topics.command does not create {topic}"));
    }

    [FailsOn(Compose, "\"Port\": 5432", "\"Port\": 5433", "configs: Servers.1.Port must be 5432, the port inside the container, not 5433")]
    [FailsOn(
        Compose, "\"Host\": \"postgres\"", "\"Host\": \"localhost\"", "configs: Servers.1.Host must be postgres, the name of the service, not localhost")]
    public static IEnumerable<string> PgAdmin_reaches_PostgreSQL_inside_the_network(DeploymentFiles files)
    {
        var container = Service(files, "postgres").At("ports").Texts()[0].Split(':')[^1]; // address:host:container
        using var list = JsonDocument.Parse(files.Document(Compose).Text("configs", "servers.json", "content")!);
        foreach (var server in list.RootElement.GetProperty("Servers").EnumerateObject())
        {
            if (server.Value.GetProperty("Port").GetInt32() is var port && $"{port}" != container)
            {
                yield return $"{Compose}: configs: Servers.{server.Name}.Port must be {container}, the port inside the container, not {port}";
            }

            if (server.Value.GetProperty("Host").GetString() is var host && host != "postgres")
            {
                yield return $"{Compose}: configs: Servers.{server.Name}.Host must be postgres, the name of the service, not {host}";
            }
        }
    }

    /// <summary>
    /// Git sets the modes of files according to the umask of the user. Compose mounts a file with this mode, and copies a content with the mode that the
    /// service sets.
    /// </summary>
    [FailsOn(
        Compose, "    - redis-data:/data", "    - redis-data:/data\n    - ./redis.conf:/redis.conf:ro", "services.redis mounts ./redis.conf, which may be unreadable, depending on the umask")]
    [FailsOn(
        Compose, "    - redis-data:/data", "    - redis-data:/data\n    - {type: bind, source: ./redis.conf, target: /redis.conf}",
        "services.redis mounts ./redis.conf, which may be unreadable, depending on the umask")]
    [FailsOn(Compose, "install -m 444", "install -m 400", "services.postgres mounts ./postgres/init.sql, which may be unreadable, depending on the umask")]
    [FailsOn(Compose, "      mode: 0444", "      mode: 0440", "services.pgadmin.configs: servers.json must have mode 0444, not 0440")]
    [FailsOn(Compose, "      mode: 0444", "", "services.pgadmin.configs: servers.json must have mode 0444, not nothing")]
    public static IEnumerable<string> Containers_can_read_files_of_a_clone_with_any_umask(DeploymentFiles files)
    {
        foreach (var (path, name, service) in files.Under("docker-compose").SelectMany(path => Services(files, path)))
        {
            var configs = service.At("configs").Items()
                .Select(use => (Name: use.Text("source") ?? use.Text()!, Target: use.Text("target"), Mode: use.Text("mode"))).ToList();
            var copied = configs.Where(use => Text(use.Name, "content") is not null);
            var mounted = configs.Where(use => Text(use.Name, "file") is not null && !CopiesAsRoot(service, use.Target)).Select(use => Text(use.Name, "file"))
                .Concat(service.At("volumes").Items().Select(volume => volume.Text("source") ?? volume.Text()?.Split(':')[0]).Where(source => source?[0] is '.' or '/'));
            foreach (var source in mounted)
            {
                yield return $"{path}: services.{name} mounts {source}, which may be unreadable, depending on the umask";
            }

            foreach (var use in copied.Where(use => use.Mode != "0444"))
            {
                yield return $"{path}: services.{name}.configs: {use.Name} must have mode 0444, not {use.Mode ?? "nothing"}";
            }

            string? Text(string config, string key) => files.Document(path).Text("configs", config, key);
        }

        static bool CopiesAsRoot(YamlNode service, string? target) =>
            service.At("entrypoint").Texts().Any(text => text.Contains($"install -m 444 {target} ", StringComparison.Ordinal));
    }

    private static IEnumerable<(string Path, string Name, YamlNode Service)> Services(DeploymentFiles files, string path)
    {
        var services = files.Document(path).At("services");
        return services.Keys().Select(name => (path, name, services.At(name)!));
    }

    private static YamlNode Service(DeploymentFiles files, string name) =>
        files.Document(Compose).At("services", name) ?? throw new InvalidDataException($"{Compose}: services.{name} is missing");

    /// <summary>Returns the published ports in their short form, address:host:container. Without an address, the port is published on every address.</summary>
    private static IEnumerable<string> Published(YamlNode service) => service.At("ports").Items().Select(port => port is YamlMappingNode
        ? string.Join(':', ((string?[])[port.Text("host_ip"), port.Text("published"), port.Text("target")]).OfType<string>())
        : port.Text()!);

    [GeneratedRegex("for topic in ([^;]+);")]
    private static partial Regex TopicLoop();
}
