using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace DaprOrders.Cli.Doctor;

/// <summary>The topics of a Kafka.</summary>
/// <param name="Partitions">The number of partitions by topic.</param>
/// <param name="CreatesTopics">Whether Kafka creates a topic when it is first used.</param>
internal sealed record KafkaTopics(IReadOnlyDictionary<string, int> Partitions, bool CreatesTopics)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <exception cref="KafkaException">Kafka does not respond, or refuses.</exception>
    public static async Task<KafkaTopics> ReadAsync(string address)
    {
        // What it would write to the console is in the exception.
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address })
            .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        var metadata = admin.GetMetadata(Limit);
        var broker = new ConfigResource { Type = ResourceType.Broker, Name = $"{metadata.OriginatingBrokerId}" };
        var settings = await admin.DescribeConfigsAsync([broker], new DescribeConfigsOptions { RequestTimeout = Limit });
        return new KafkaTopics(
            metadata.Topics.ToDictionary(topic => topic.Topic, topic => topic.Partitions.Count),
            settings[0].Entries["auto.create.topics.enable"].Value is "true");
    }
}
