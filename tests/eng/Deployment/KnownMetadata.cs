namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>
/// The metadata names that a component reads (components-contrib 1.18), and those that the sidecar itself reads. Dapr ignores the case of most names,
/// but not of initialOffset, redeliverInterval and some others, so all names must be spelled as in this list.
/// </summary>
internal static class KnownMetadata
{
    private static readonly string[] SidecarNames =
        ["publishingScopes", "subscriptionScopes", "allowedTopics", "protectedTopics", "consumerID"];

    private static readonly string[] KafkaNames =
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

    private static readonly string[] RedisNames =
    [
        "clientCert", "clientKey", "concurrency", "dialTimeout", "enableTLS", "failover", "idleCheckFrequency", "idleTimeout",
        "insecureSkipTLSVerify", "maxConnAge", "maxLenApprox", "minIdleConns", "poolSize", "poolTimeout", "processingTimeout", "queueDepth",
        "readTimeout", "redeliverInterval", "redisDB", "redisHost", "redisMaxRetries", "redisMaxRetryInterval", "redisMinRetryInterval",
        "redisPassword", "redisPort", "redisType", "redisUsername", "sentinelMasterName", "sentinelPassword", "sentinelUsername",
        "streamTTL", "useEntraID", "writeTimeout",
    ];

    private static readonly string[] RabbitMqNames =
    [
        "autoAck", "caCert", "clientCert", "clientKey", "clientName", "concurrency", "connectionString", "deletedWhenUnused",
        "deliveryMode", "durable", "enableDeadLetter", "exchangeKind", "heartBeat", "hostname", "maxLen", "maxLenBytes", "password",
        "prefetchCount", "protocol", "publishMessagePropertiesToMetadata", "publisherConfirm", "reconnectWaitSeconds", "requeueInFailure",
        "saslExternal", "ttlInSeconds", "username",
    ];

    public static IReadOnlyList<string> Of(string broker) => broker switch
    {
        "kafka" => [.. SidecarNames, .. KafkaNames],
        "redis" => [.. SidecarNames, .. RedisNames],
        "rabbitmq" => [.. SidecarNames, .. RabbitMqNames],
        _ => throw new InvalidDataException($"components/{broker}: no list of metadata names for pubsub.{broker}"),
    };
}
