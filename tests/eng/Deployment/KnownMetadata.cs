namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>
/// The metadata names that a component reads (components-contrib 1.18), and those that the sidecar itself reads. Most are compared without
/// case, but initialOffset, redeliverInterval and some more are not, so all are written as they are here.
/// </summary>
internal static class KnownMetadata
{
    private static readonly string[] OfTheSidecar =
        ["publishingScopes", "subscriptionScopes", "allowedTopics", "protectedTopics", "consumerID"];

    private static readonly string[] OfKafka =
    [
        "authRequired", "authType", "backOffDuration", "backOffInitialInterval", "backOffMaxElapsedTime", "backOffMaxInterval",
        "backOffMaxRetries", "backOffMultiplier", "backOffPolicy", "backOffRandomizationFactor", "brokers", "caCert", "channelBufferSize",
        "clientCert", "clientConnectionKeepAliveInterval", "clientConnectionTopicMetadataRefreshInterval", "clientID", "clientKey",
        "compression", "consumeRetryEnabled", "consumeRetryInterval", "consumerFetchDefault", "consumerFetchMin", "consumerGroup",
        "consumerGroupRebalanceStrategy", "dialTimeout", "disableTls", "escapeHeaders", "excludeHeaderMetaRegex", "heartbeatInterval",
        "initialOffset", "maxMessageBytes", "metadataTimeout", "oidcAudience", "oidcClientAssertionCert", "oidcClientAssertionKey",
        "oidcClientID", "oidcClientSecret", "oidcExtensions", "oidcKid", "oidcResource", "oidcScopes", "oidcTokenEndpoint",
        "producerRequiredAcks", "producerRetryMax", "readTimeout", "saslMechanism", "saslPassword", "saslUsername", "schemaCachingEnabled",
        "schemaLatestVersionCacheTTL", "schemaRegistryAPIKey", "schemaRegistryAPISecret", "schemaRegistryURL", "sessionTimeout",
        "skipVerify", "useAvroJSON", "version", "writeTimeout",
    ];

    private static readonly string[] OfRedis =
    [
        "clientCert", "clientKey", "concurrency", "dialTimeout", "enableTLS", "failover", "idleCheckFrequency", "idleTimeout",
        "insecureSkipTLSVerify", "maxConnAge", "maxLenApprox", "minIdleConns", "poolSize", "poolTimeout", "processingTimeout", "queueDepth",
        "readTimeout", "redeliverInterval", "redisDB", "redisHost", "redisMaxRetries", "redisMaxRetryInterval", "redisMinRetryInterval",
        "redisPassword", "redisPort", "redisType", "redisUsername", "sentinelMasterName", "sentinelPassword", "sentinelUsername",
        "streamTTL", "useEntraID", "writeTimeout",
    ];

    private static readonly string[] OfRabbitMq =
    [
        "autoAck", "caCert", "clientCert", "clientKey", "clientName", "concurrency", "connectionString", "deletedWhenUnused",
        "deliveryMode", "durable", "enableDeadLetter", "exchangeKind", "heartBeat", "hostname", "maxLen", "maxLenBytes", "password",
        "prefetchCount", "protocol", "publishMessagePropertiesToMetadata", "publisherConfirm", "reconnectWaitSeconds", "requeueInFailure",
        "saslExternal", "ttlInSeconds", "username",
    ];

    public static IReadOnlyList<string> Of(string broker) => broker switch
    {
        "kafka" => [.. OfTheSidecar, .. OfKafka],
        "redis" => [.. OfTheSidecar, .. OfRedis],
        "rabbitmq" => [.. OfTheSidecar, .. OfRabbitMq],
        _ => throw new InvalidDataException($"components/{broker}: no list of metadata names for pubsub.{broker}"),
    };
}
