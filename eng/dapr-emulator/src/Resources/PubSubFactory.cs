using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Makes pub/subs out of components: each type's settings, defaults and losses, without any of the brokers.</summary>
internal static partial class PubSubFactory
{
    private static readonly string[] NotEmulated =
        ["bindings", "configuration", "conversation", "crypto", "lock", "middleware", "nameresolution", "secretstores", "state", "workflowbackend"];

    private const string Hint = " (the emulator has pubsub.kafka, pubsub.redis, pubsub.rabbitmq and pubsub.in-memory)";

    /// <param name="instance">The name of the sidecar instance: an in-memory component is alone in its process.</param>
    /// <exception cref="ResourceException">The runtime would not start with one of the components.</exception>
    public static Dictionary<string, PubSub> CreateAll(AppResources resources, string appId, string instance)
    {
        var pubSubs = new Dictionary<string, PubSub>();
        foreach (var component in resources.Components)
        {
            if (component.Unresolved is { } reason)
            {
                resources.Warnings.Add(reason);
                continue;
            }

            if (component.Type.Split('.') is [var category, _, ..] && NotEmulated.Contains(category))
            {
                resources.Warnings.Add($"component {component.Name} ({component.Type}) is not emulated and is ignored");
                continue;
            }

            try
            {
                pubSubs[component.Name] = Create(component, appId, instance);
            }
            catch (ResourceException failure) when (component.IgnoreErrors)
            {
                resources.Warnings.Add(failure.Message);
            }
        }

        return pubSubs;
    }

    private static PubSub Create(Component component, string appId, string instance)
    {
        var pubSub = new PubSub
        {
            Name = component.Name,
            Type = component.Type,
            Version = component.Version,
            Scopes = new TopicScopes(component, appId),
            Broker = component.Type,
            Group = component.Setting("consumerID") is { Length: > 0 } group ? group : appId,
        };

        if (component.Version is not ("" or "v0" or "v1"))
        {
            throw Unknown(component);
        }

        return component.Type switch
        {
            "pubsub.kafka" => Kafka(pubSub, component),
            "pubsub.redis" => Redis(pubSub, component),
            "pubsub.rabbitmq" => RabbitMq(pubSub, component),
            "pubsub.in-memory" => pubSub with
            {
                Broker = $"{component.Type}/{instance}/{component.Name}",
                Capabilities = ["SUBSCRIBE_WILDCARDS"],
                IsVolatile = true,
            },
            _ => throw Unknown(component),
        };
    }

    /// <summary>Says what this component would lose on its real broker, or null.</summary>
    public static string? LossOf(PubSub pubSub, ResiliencyPolicies resiliency)
    {
        if (pubSub.RedeliveryPause is not null || resiliency.Inbound(pubSub.Name).Retry is { MaxRetries: < 0 })
        {
            return null;
        }

        return $"component {pubSub.Name} ({pubSub.Type}) loses events whose delivery fails: give it an inbound retry policy with maxRetries -1";
    }

    private static PubSub Kafka(PubSub pubSub, Component component)
    {
        // The only setting whose name Kafka's component reads with exact case.
        var offset = component.Metadata.GetValueOrDefault("initialOffset") ?? "";
        if (offset.ToLowerInvariant() is not ("" or "oldest" or "newest"))
        {
            throw Failed(component, $"kafka error: invalid initialOffset: {offset}");
        }

        var brokers = component.Setting("brokers");
        if (string.IsNullOrEmpty(brokers))
        {
            throw Failed(component, "kafka error: missing 'brokers' attribute");
        }

        if (ProblemOf(component) is { } problem)
        {
            throw Failed(component, "kafka error: " + problem);
        }

        var retries = component.Flag("consumeRetryEnabled", true);
        return pubSub with
        {
            Broker = $"{component.Type}/{brokers}",
            Group = component.Setting("consumerGroup") is { Length: > 0 } group ? group : pubSub.Group,
            Capabilities = ["BULK_PUBSUB"],
            StartsAtOldest = offset.Equals("oldest", StringComparison.OrdinalIgnoreCase),
            RedeliveryPause = retries ? GoDuration.Parse(component.Setting("backOffDuration")) ?? TimeSpan.FromSeconds(5) : null,
            MaxRedeliveries = int.TryParse(component.Setting("backOffMaxRetries"), CultureInfo.InvariantCulture, out var max) ? max : -1,
            IsKafka = true,
            MaxMessageBytes = int.TryParse(component.Setting("maxMessageBytes"), CultureInfo.InvariantCulture, out var bytes) ? bytes : 1 << 20,
            BulkMessages = 80,
            BulkWait = TimeSpan.FromSeconds(10),
        };
    }

    // In the order in which the runtime's component looks at them.
    private static string? ProblemOf(Component kafka)
    {
        switch (kafka.Setting("authType")?.ToLowerInvariant())
        {
            case null or "" when kafka.Setting("authRequired")?.ToLowerInvariant() is not ("true" or "false" or "1" or "0"):
                return string.IsNullOrEmpty(kafka.Setting("authRequired"))
                    ? "'authType' attribute was missing or empty"
                    : "invalid value for 'authRequired' attribute";
            case "password" when string.IsNullOrEmpty(kafka.Setting("saslUsername")):
                return "missing SASL Username for authType 'password'";
            case "password" when string.IsNullOrEmpty(kafka.Setting("saslPassword")):
                return "missing SASL Password for authType 'password'";
            case null or "" or "none" or "password" or "mtls" or "oidc" or "oidc_private_key_jwt" or "certificate" or "awsiam":
                break;
            default:
                return "invalid value for 'authType' attribute";
        }

        if (kafka.Setting("version") is { Length: > 0 } version && !KafkaVersion().IsMatch(version))
        {
            return "invalid kafka version";
        }

        return kafka.Setting("producerRequiredAcks") is { } acks && acks.ToLowerInvariant() is not ("" or "all" or "local" or "none")
            ? $"invalid value for 'producerRequiredAcks': \"{acks}\" (must be \"all\", \"local\", or \"none\")"
            : null;
    }

    [GeneratedRegex(@"^(0\.\d+\.\d+\.\d+|[1-9]\d*\.\d+\.\d+)$")]
    private static partial Regex KafkaVersion();

    private static PubSub Redis(PubSub pubSub, Component component) => pubSub with
    {
        Broker = $"{component.Type}/{(component.Setting("redisHost") is { Length: > 0 } host ? host : "localhost:6379")}",
        StartsAtOldest = true,
    };

    // The queue of an app comes with its first subscription and, unless told otherwise, goes with its last consumer.
    private static PubSub RabbitMq(PubSub pubSub, Component component) => pubSub with
    {
        Broker = $"{component.Type}/{component.Setting("connectionString") ?? component.Setting("hostname")}",
        IsVolatile = component.Flag("deletedWhenUnused", true),
        RedeliveryPause = component.Flag("requeueInFailure", false) ? TimeSpan.FromMilliseconds(10) : null,
    };

    private static ResourceException Unknown(Component component)
    {
        var name = $"{component.Name} ({component.Type}/{component.Version})";
        return component.Type.StartsWith("pubsub.", StringComparison.Ordinal)
            ? new ResourceException(
                $"process component {component.Name} error: [INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: "
                + $"[CREATE_COMPONENT_FAILURE]: initialization error occurred for {name}: couldn't find message bus {component.Type}/{component.Version}{Hint}")
            : new ResourceException($"process component {component.Name} error: incorrect type {component.Type}");
    }

    private static ResourceException Failed(Component component, string error)
    {
        var name = $"{component.Name} ({component.Type}/{component.Version})";
        return new ResourceException(
            $"process component {component.Name} error: [INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: "
            + $"[INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: {error}");
    }
}
