using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DaprOrders.Cli.Doctor;

/// <summary>The topics of a Kafka broker.</summary>
/// <param name="Partitions">The number of partitions by topic.</param>
/// <param name="CreatesTopics">Whether Kafka creates a topic when it is first used.</param>
internal sealed record KafkaTopics(IReadOnlyDictionary<string, int> Partitions, bool CreatesTopics)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <exception cref="KafkaException">Kafka does not respond or refuses the request.</exception>
    public static async Task<KafkaTopics> ReadAsync(string address)
    {
        // Nothing is written to the console, because the exception has the same text.
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        var metadata = admin.GetMetadata(Timeout);
        var broker = new ConfigResource { Type = ResourceType.Broker, Name = $"{metadata.OriginatingBrokerId}" };
        var settings = await admin.DescribeConfigsAsync([broker], new DescribeConfigsOptions { RequestTimeout = Timeout });
        return new KafkaTopics(
            metadata.Topics.ToDictionary(topic => topic.Topic, topic => topic.Partitions.Count),
            settings[0].Entries["auto.create.topics.enable"].Value is "true");
    }
}
