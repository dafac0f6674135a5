using System.Globalization;

namespace DaprOrders.Stack;

/// <summary>What docker-compose.yml says about the servers that it starts.</summary>
public static class ComposeFile
{
    /// <summary>Returns how many partitions a topic has on the Kafka that a compose file starts.</summary>
    /// <exception cref="StackException">The file cannot be read, or does not say it.</exception>
    public static int KafkaPartitions(string file)
    {
        var text = $"{Yaml.Read(file).At("services", "kafka", "environment", "KAFKA_NUM_PARTITIONS")}";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new StackException($"{file}: KAFKA_NUM_PARTITIONS of kafka must be a number");
    }
}
