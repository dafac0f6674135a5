namespace DaprOrders.Eng.Tests.Deployment.Rules;

/// <summary>Rules for components/: errors that the sidecar ignores without a message, and settings that prevent a broker from losing events.</summary>
internal static class ComponentRules
{
    private const string Kafka = "components/kafka/pubsub.yaml";
    private const string Redis = "components/redis/pubsub.yaml";
    private const string RabbitMq = "components/rabbitmq/pubsub.yaml";
    private const string Definitions = "rabbitmq/definitions.json";

    private static readonly string[] KnownKeys =
        ["apiVersion", "kind", "metadata", "spec", "metadata.name", "spec.type", "spec.version", "spec.initTimeout", "spec.metadata"];

    [FailsOn("components/kafka/spare/pubsub.yaml", "", "kind: Component", "is not read, because its folder is nested too deep")]
    [FailsOn("components/pubsub.yaml", "", "kind: Component", "is not read, because it is not in a folder of resourcesPaths")]
    [FailsOn("components/redis/note.txt", "", "x", "is not read, because it is neither .yaml nor .yml")]
    public static IEnumerable<string> Component_files_are_in_folders_that_Dapr_reads(DeploymentFiles files)
    {
        foreach (var path in files.Under("components/"))
        {
            if (path.Split('/').Length > 3)
            {
                yield return $"{path}: is not read, because its folder is nested too deep";
            }
            else if (path.Split('/').Length < 3)
            {
                yield return $"{path}: is not read, because it is not in a folder of resourcesPaths";
            }
            else if (Path.GetExtension(path) is not (".yaml" or ".yml"))
            {
                yield return $"{path}: is not read, because it is neither .yaml nor .yml";
            }
        }
    }

    [FailsOn(Kafka, "kind: Component", "kind: Compnent", "kind must be Component, not Compnent")]
    [FailsOn(Redis, "  name: pubsub", "  name: events", "metadata.name must be pubsub, not events")]
    [FailsOn(RabbitMq, "type: pubsub.rabbitmq", "type: pubsub.redis", "spec.type must be pubsub.rabbitmq, not pubsub.redis")]
    [FailsOn(RabbitMq, "  version: v1\n", "", "spec.version must be v1, not missing")]
    public static IEnumerable<string> Every_broker_component_is_named_pubsub(DeploymentFiles files) =>
        from broker in files.Brokers
        let path = PathOf(broker)
        from finding in Differing(path, files.Document(path).Text, new()
        {
            ["apiVersion"] = "dapr.io/v1alpha1",
            ["kind"] = "Component",
            ["metadata.name"] = "pubsub",
            ["spec.type"] = $"pubsub.{broker}",
            ["spec.version"] = "v1",
        })
        select finding;

    [FailsOn(Kafka, "initTimeout: 30s", "initTimout: 30s", "spec.initTimout is not an expected key")]
    [FailsOn(Redis, "spec:", "scopes: [order]\nspec:", "scopes is not an expected key")]
    public static IEnumerable<string> Component_has_only_expected_keys(DeploymentFiles files) =>
        from broker in files.Brokers
        let document = files.Document(PathOf(broker))
        from key in document.Keys().Concat(document.At("spec").Keys().Select(key => $"spec.{key}"))
            .Concat(document.At("metadata").Keys().Select(key => $"metadata.{key}"))
        where !KnownKeys.Contains(key)
        select $"{PathOf(broker)}: {key} is not an expected key";

    [FailsOn(Kafka, "name: initialOffset", "name: InitialOffset", "InitialOffset must be spelled initialOffset")]
    [FailsOn(Kafka, "name: dialTimeout", "name: dialTimeOuts", "dialTimeOuts is unknown to pubsub.kafka")]
    [FailsOn(Redis, "- name: concurrency", "- name: password\n    value: x\n  - name: concurrency", "password is unknown to pubsub.redis")]
    [FailsOn(RabbitMq, "- name: durable", "- name: host\n    value: x\n  - name: durable", "host is unknown to pubsub.rabbitmq")]
    public static IEnumerable<string> Metadata_names_are_known_to_the_component(DeploymentFiles files)
    {
        foreach (var broker in files.Brokers)
        {
            var known = KnownMetadata.Of(broker);
            foreach (var name in Entries(files, broker).Select(entry => entry.Name).Where(name => !known.Contains(name)))
            {
                yield return known.FirstOrDefault(right => right.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } right
                    ? $"{PathOf(broker)}: {name} must be spelled {right}"
                    : $"{PathOf(broker)}: {name} is unknown to pubsub.{broker}";
            }
        }
    }

    [FailsOn(Kafka, "- name: authType", "- name: dialTimeout\n    value: 9s\n  - name: authType", "dialTimeout occurs twice")]
    public static IEnumerable<string> Metadata_names_are_unique(DeploymentFiles files) =>
        from broker in files.Brokers
        from entry in Entries(files, broker).GroupBy(entry => entry.Name)
        where entry.Count() > 1
        select $"{PathOf(broker)}: {entry.Key} occurs twice";

    [FailsOn(Kafka, "value: oldest", "value: newest", "initialOffset must be oldest, not newest")]
    [FailsOn(Kafka, "  - name: initialOffset\n    value: oldest\n", "", "initialOffset must be oldest, not missing")]
    [FailsOn(Kafka, "  - name: authType\n    value: none\n", "", "authType must be none, not missing")]
    [FailsOn(Kafka, "value: 200ms", "value: 5s", "backOffDuration must be 200ms, not 5s")]
    [FailsOn(
        Kafka, "- name: authType", "- name: producerRequiredAcks\n    value: local\n  - name: authType",
        "producerRequiredAcks must be all, not local")]
    [FailsOn(
        Kafka, "- name: authType", "- name: consumeRetryEnabled\n    value: false\n  - name: authType",
        "consumeRetryEnabled must be true, not false")]
    [FailsOn(
        Kafka, "- name: authType", "- name: backOffMaxRetries\n    value: 9\n  - name: authType",
        "backOffMaxRetries must be -1, not 9")]
    [FailsOn(
        Kafka, "- name: authType", "- name: backOffPolicy\n    value: exponential\n  - name: authType",
        "backOffPolicy must be constant, not exponential")]
    public static IEnumerable<string> Kafka_loses_nothing(DeploymentFiles files) =>
        Wrong(files, "kafka", required: new()
        {
            ["authType"] = "none", // required: without it the sidecar does not start
            ["initialOffset"] = "oldest",
            ["backOffDuration"] = "200ms",
        }, ifPresent: new()
        {
            ["producerRequiredAcks"] = "all",
            ["consumeRetryEnabled"] = "true",
            ["backOffMaxRetries"] = "-1",
            ["backOffPolicy"] = "constant", // the policy exponential stops after 15 minutes
        });

    [FailsOn(Kafka, "value: \"3.4.0\"", "value: \"2.0.0\"", "version must be 3.4.0 for the image cp-kafka:7.4.0, not 2.0.0")]
    [FailsOn(
        Kafka, "  - name: version\n    value: \"3.4.0\"\n", "",
        "version must be 3.4.0 for the image cp-kafka:7.4.0, not missing")]
    public static IEnumerable<string> Kafka_version_matches_the_image(DeploymentFiles files)
    {
        // Confluent's image 7.n contains Kafka 3.n.
        var image = files.Document("docker-compose.yml").Text("services", "kafka", "image")!.Split('/')[^1];
        var expected = $"3.{image.Split('.')[1]}.0";
        if (Value(files, "kafka", "version") is var version && version != expected)
        {
            yield return $"{Kafka}: version must be {expected} for the image {image}, not {version ?? "missing"}";
        }
    }

    [FailsOn(Redis, "value: 5s", "value: 0", "processingTimeout must be 5s, not 0")]
    [FailsOn(Redis, "value: \"2000\"", "value: 2s", "redeliverInterval must be 2000, not 2s")]
    [FailsOn(Redis, "value: \"100\"", "value: \"10\"", "concurrency must be 100, not 10")]
    [FailsOn(
        Redis, "- name: concurrency", "- name: maxLenApprox\n    value: 1000\n  - name: concurrency",
        "maxLenApprox must be missing, not 1000")]
    [FailsOn(Redis, "- name: concurrency", "- name: streamTTL\n    value: 1h\n  - name: concurrency", "streamTTL must be missing, not 1h")]
    public static IEnumerable<string> Redis_loses_nothing(DeploymentFiles files) =>
        Wrong(files, "redis", required: new()
        {
            ["processingTimeout"] = "5s",
            ["redeliverInterval"] = "2000", // Dapr ignores a duration
            ["concurrency"] = "100",
            ["maxLenApprox"] = null,
            ["streamTTL"] = null,
        });

    [FailsOn(RabbitMq, "- name: durable\n    value: \"true\"", "- name: durable\n    value: \"false\"", "durable must be true, not false")]
    [FailsOn(RabbitMq, "  - name: deletedWhenUnused\n    value: \"false\"\n", "", "deletedWhenUnused must be false, not missing")]
    [FailsOn(RabbitMq, "- name: deliveryMode\n    value: \"2\"", "- name: deliveryMode\n    value: \"1\"", "deliveryMode must be 2, not 1")]
    [FailsOn(RabbitMq, "  - name: publisherConfirm\n    value: \"true\"\n", "", "publisherConfirm must be true, not missing")]
    [FailsOn(RabbitMq, "  - name: requeueInFailure\n    value: \"true\"\n", "", "requeueInFailure must be true, not missing")]
    [FailsOn(RabbitMq, "- name: durable", "- name: autoAck\n    value: \"true\"\n  - name: durable", "autoAck must be false, not true")]
    [FailsOn(RabbitMq, "  - name: prefetchCount\n    value: \"200\"\n", "", "prefetchCount must be 200, not missing")]
    [FailsOn(RabbitMq, "- name: durable", "- name: ttlInSeconds\n    value: 60\n  - name: durable", "ttlInSeconds must be missing, not 60")]
    [FailsOn(RabbitMq, "- name: durable", "- name: maxLen\n    value: 60\n  - name: durable", "maxLen must be missing, not 60")]
    public static IEnumerable<string> RabbitMq_loses_nothing(DeploymentFiles files) =>
        Wrong(files, "rabbitmq", required: new()
        {
            ["durable"] = "true",
            ["deletedWhenUnused"] = "false",
            ["deliveryMode"] = "2",
            ["publisherConfirm"] = "true",
            ["requeueInFailure"] = "true",
            ["prefetchCount"] = "200",
            ["ttlInSeconds"] = null,
            ["maxLen"] = null,
            ["maxLenBytes"] = null,
        }, ifPresent: new()
        {
            ["autoAck"] = "false",
        });

    [FailsOn(
        Kafka, "inventory=inventory.updated,inventory.dead;", "inventory=inventory.updated;",
        "publishingScopes must give inventory inventory.dead, inventory.updated, not inventory.updated")]
    [FailsOn(
        Redis, "order=inventory.updated,order.dead", "order=inventory.updated,order.created,order.dead",
        "subscriptionScopes must give order inventory.updated, order.dead, not inventory.updated, order.created, order.dead")]
    [FailsOn(RabbitMq, "gateway=;", "", "publishingScopes must give gateway nothing, not everything")]
    [FailsOn(RabbitMq, "gateway=;", "gateway=;cart=order.created;", "publishingScopes names cart, which is not an app")]
    public static IEnumerable<string> Scopes_are_those_of_the_design_for_every_broker(DeploymentFiles files) =>
        from broker in files.Brokers
        from finding in WrongScopes(files, broker, "publishingScopes", app => app.MayPublish)
            .Concat(WrongScopes(files, broker, "subscriptionScopes", app => app.MaySubscribe))
        select finding;

    [FailsOn(Kafka, "127.0.0.1:9092", "127.0.0.1:9093", "brokers must be 127.0.0.1:9092, not 127.0.0.1:9093")]
    [FailsOn(Redis, "127.0.0.1:6379", "localhost:6379", "redisHost must be 127.0.0.1:6379, not localhost:6379")]
    [FailsOn(
        RabbitMq, "127.0.0.1:5672", "127.0.0.1:5673",
        "connectionString must be amqp://127.0.0.1:5672, not amqp://127.0.0.1:5673")]
    public static IEnumerable<string> Broker_addresses_match_the_compose_file(DeploymentFiles files) =>
        Wrong(files, "kafka", new() { ["brokers"] = $"127.0.0.1:{Design.Servers["kafka"]}" })
            .Concat(Wrong(files, "redis", new() { ["redisHost"] = $"127.0.0.1:{Design.Servers["redis"]}" }))
            .Concat(Wrong(files, "rabbitmq", new()
            {
                ["connectionString"] = $"amqp://127.0.0.1:{Design.Servers["rabbitmq"]}",
            }));

    [FailsOn(Definitions, "{\"name\": \"order.created\"", "{\"name\": \"orders.created\"", "exchanges must be inventory.dead, inventory.updated, notification.dead, order.created, order.dead, not inventory.dead, inventory.updated, notification.dead, order.dead, orders.created")]
    [FailsOn(Definitions, "{\"name\": \"inventory-order.created\"", "{\"name\": \"stock-order.created\"", "queues must contain inventory-order.created")]
    [FailsOn(Definitions, "\"destination\": \"order-order.dead\"", "\"destination\": \"order-inventory.updated\"", "bindings must contain order.dead to order-order.dead")]
    public static IEnumerable<string> RabbitMq_has_a_queue_for_every_subscription(DeploymentFiles files)
    {
        // Dapr names the exchange after the topic, and the queue after the app id and the topic.
        var definitions = files.Document(Definitions);
        var exchanges = Names("exchanges");
        if (!exchanges.SequenceEqual(Design.Topics))
        {
            yield return $"{Definitions}: exchanges must be {string.Join(", ", Design.Topics)}, not {string.Join(", ", exchanges)}";
        }

        var queues = Names("queues");
        var bindings = definitions.At("bindings").Items().Select(binding => $"{binding.Text("source")} to {binding.Text("destination")}").ToList();
        foreach (var (app, topic) in Design.Apps.SelectMany(app => app.MaySubscribe.Select(topic => (app.Id, topic))))
        {
            if (!queues.Contains($"{app}-{topic}"))
            {
                yield return $"{Definitions}: queues must contain {app}-{topic}";
            }

            if (!bindings.Contains($"{topic} to {app}-{topic}"))
            {
                yield return $"{Definitions}: bindings must contain {topic} to {app}-{topic}";
            }
        }

        List<string?> Names(string list) => [.. definitions.At(list).Items().Select(item => item.Text("name")).Order(StringComparer.Ordinal)];
    }

    private static string PathOf(string broker) => $"components/{broker}/pubsub.yaml";

    private static IEnumerable<(string Name, string? Value)> Entries(DeploymentFiles files, string broker) =>
        files.Document(PathOf(broker)).At("spec", "metadata").Items().Select(entry => (entry.Text("name") ?? "", entry.Text("value")));

    private static string? Value(DeploymentFiles files, string broker, string name) =>
        Entries(files, broker).LastOrDefault(entry => entry.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static IEnumerable<string> Wrong(
        DeploymentFiles files, string broker, Dictionary<string, string?> required, Dictionary<string, string?>? ifPresent = null) =>
        Differing(PathOf(broker), keys => Value(files, broker, keys.Single()), required)
            .Concat(Differing(
                PathOf(broker), keys => Value(files, broker, keys.Single()) ?? ifPresent![keys.Single()], ifPresent ?? []));

    private static IEnumerable<string> Differing(string path, Func<string[], string?> read, Dictionary<string, string?> expected) =>
        from pair in expected
        let actual = read(pair.Key.Split('.'))
        where actual != pair.Value
        select $"{path}: {pair.Key} must be {pair.Value ?? "missing"}, not {actual ?? "missing"}";

    private static IEnumerable<string> WrongScopes(
        DeploymentFiles files, string broker, string name, Func<Design.App, IEnumerable<string>> allowed)
    {
        var scopes = (Value(files, broker, name) ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(scope => scope.Split('=', 2))
            .ToLookup(scope => scope[0], scope => scope[^1].Split(',', StringSplitOptions.RemoveEmptyEntries));
        foreach (var unknown in scopes.Select(scope => scope.Key).Where(id => Design.Apps.All(app => app.Id != id)))
        {
            yield return $"{PathOf(broker)}: {name} names {unknown}, which is not an app";
        }

        // An app that is not in the scopes may use every topic.
        foreach (var app in Design.Apps)
        {
            var expected = Listed(allowed(app));
            var actual = scopes.Contains(app.Id) ? Listed(scopes[app.Id].Last()) : "everything";
            if (actual != expected)
            {
                yield return $"{PathOf(broker)}: {name} must give {app.Id} {expected}, not {actual}";
            }
        }
    }

    private static string Listed(IEnumerable<string> topics) =>
        string.Join(", ", topics.Order(StringComparer.Ordinal)) is { Length: > 0 } list ? list : "nothing";
}
