using System.Globalization;
using System.Text.RegularExpressions;

namespace DaprOrders.Stack;

/// <summary>Reads settings of the servers in docker-compose.yml.</summary>
public static partial class ComposeFile
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

    /// <summary>Returns the password of the role postgres: the environment variable POSTGRES_PASSWORD, by default the one in a compose file.</summary>
    /// <exception cref="StackException">The file cannot be read or does not contain the password.</exception>
    public static string PostgresPassword(string file)
    {
        var text = $"{Yaml.Read(file).At("services", "postgres", "environment", "POSTGRES_PASSWORD")}";
        var password = Environment.GetEnvironmentVariable("POSTGRES_PASSWORD") is { Length: > 0 } variable ? variable
            : Default().Match(text) is { Success: true } match ? match.Groups[1].Value
            : text;
        return password.Length > 0 ? password : throw new StackException($"{file}: POSTGRES_PASSWORD of postgres is missing");
    }

    [GeneratedRegex(@"^\$\{POSTGRES_PASSWORD:-(.*)\}$")]
    private static partial Regex Default();
}
