using System.Globalization;

namespace DaprOrders.Stack;

/// <summary>Reads settings of the servers in docker-compose.yml.</summary>
public static class ComposeFile
{
    /// <summary>Returns the default number of partitions of a topic in the Kafka of a compose file.</summary>
    /// <exception cref="StackException">The file cannot be read or does not contain the number.</exception>
    public static int KafkaPartitions(string file)
    {
        var text = $"{Yaml.Read(file).At("services", "kafka", "environment", "KAFKA_NUM_PARTITIONS")}";
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new StackException($"{file}: KAFKA_NUM_PARTITIONS of kafka must be a number");
    }
}
