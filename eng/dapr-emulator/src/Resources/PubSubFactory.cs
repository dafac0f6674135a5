using System.Globalization;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>Creates pub/subs from components with the settings and defaults of each type.</summary>
internal static class PubSubFactory
{
    private static readonly string[] NotEmulated =
        ["bindings", "configuration", "conversation", "crypto", "lock", "middleware", "nameresolution", "secretstores", "state", "workflowbackend"];

    private const string SupportedTypes = " (the emulator supports pubsub.kafka, pubsub.redis, pubsub.rabbitmq and pubsub.in-memory)";

    /// <param name="instance">The name of the sidecar instance. Each instance has its own in-memory components.</param>
    /// <exception cref="ResourceException">Dapr would not start with one of the components.</exception>
    public static Dictionary<string, PubSub> CreateAll(AppResources resources, string appId, string instance)
    {
        var pubSubs = new Dictionary<string, PubSub>();
        foreach (var component in resources.Components)
        {
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
            throw UnknownType(component);
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
            _ => throw UnknownType(component),
        };
    }

    /// <summary>Returns a warning if events would be lost on the real broker of this component, or null.</summary>
    public static string? DescribeLoss(PubSub pubSub, ResiliencyPolicies resiliency)
    {
        if (pubSub.RedeliveryDelay is not null || resiliency.Inbound(pubSub.Name).Retry is { MaxRetries: < 0 })
        {
            return null;
        }

        return $"component {pubSub.Name} ({pubSub.Type}) loses events whose delivery fails: add an inbound retry policy with maxRetries: -1";
    }

    private static PubSub Kafka(PubSub pubSub, Component component)
    {
        // The only setting whose name is case-sensitive in Dapr's Kafka component.
        var offset = component.Metadata.GetValueOrDefault("initialOffset") ?? "";
        if (offset.ToLowerInvariant() is not ("" or "oldest" or "newest"))
        {
            throw InitializationFailed(component, $"kafka error: invalid initialOffset: {offset}");
        }

        var brokers = component.Setting("brokers");
        if (string.IsNullOrEmpty(brokers))
        {
            throw InitializationFailed(component, "kafka error: missing 'brokers' attribute");
        }

        if (string.IsNullOrEmpty(component.Setting("authType")) && string.IsNullOrEmpty(component.Setting("authRequired")))
        {
            throw InitializationFailed(component, "kafka error: 'authType' attribute was missing or empty");
        }

        var retries = component.Flag("consumeRetryEnabled", true);
        return pubSub with
        {
            Broker = $"{component.Type}/{brokers}",
            Group = component.Setting("consumerGroup") is { Length: > 0 } group ? group : pubSub.Group,
            Capabilities = ["BULK_PUBSUB"],
            StartsAtOldest = offset.Equals("oldest", StringComparison.OrdinalIgnoreCase),
            RedeliveryDelay = retries ? GoDuration.Parse(component.Setting("backOffDuration")) ?? TimeSpan.FromSeconds(5) : null,
            MaxRedeliveries = int.TryParse(component.Setting("backOffMaxRetries"), CultureInfo.InvariantCulture, out var max) ? max : -1,
            IsKafka = true,
            MaxMessageBytes = int.TryParse(component.Setting("maxMessageBytes"), CultureInfo.InvariantCulture, out var bytes) ? bytes : 1 << 20,
            BulkMessages = 80,
            BulkWait = TimeSpan.FromSeconds(10),
        };
    }

    private static PubSub Redis(PubSub pubSub, Component component) => pubSub with
    {
        Broker = $"{component.Type}/{(component.Setting("redisHost") is { Length: > 0 } host ? host : "localhost:6379")}",
        StartsAtOldest = true,
    };

    // RabbitMQ creates the queue of an app with its first subscription. By default it deletes the queue with its last consumer.
    private static PubSub RabbitMq(PubSub pubSub, Component component) => pubSub with
    {
        Broker = $"{component.Type}/{component.Setting("connectionString") ?? component.Setting("hostname")}",
        IsVolatile = component.Flag("deletedWhenUnused", true),
        RedeliveryDelay = component.Flag("requeueInFailure", false) ? TimeSpan.FromMilliseconds(10) : null,
    };

    private static ResourceException UnknownType(Component component)
    {
        var name = $"{component.Name} ({component.Type}/{component.Version})";
        return component.Type.StartsWith("pubsub.", StringComparison.Ordinal)
            ? new ResourceException(
                $"process component {component.Name} error: [INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: "
                + $"[CREATE_COMPONENT_FAILURE]: initialization error occurred for {name}: couldn't find message bus {component.Type}/{component.Version}{SupportedTypes}")
            : new ResourceException($"process component {component.Name} error: incorrect type {component.Type}");
    }

    private static ResourceException InitializationFailed(Component component, string error)
    {
        var name = $"{component.Name} ({component.Type}/{component.Version})";
        return new ResourceException(
            $"process component {component.Name} error: [INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: "
            + $"[INIT_COMPONENT_FAILURE]: initialization error occurred for {name}: {error}");
    }
}
