using Confluent.Kafka;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks that the broker of the run file responds and, for Kafka, that the topics exist. The emulator needs neither.</summary>
internal static class BrokerCheck
{
    private const string Name = "Broker";
    private const string Topics = "Topics";

    public static async Task<IReadOnlyList<Finding>> RunAsync(string root, RunFile runFile, DaprPrograms dapr, CancellationToken cancellationToken)
    {
        Broker broker;
        try
        {
            broker = Broker.Read(runFile.ComponentFile);
        }
        catch (StackException)
        {
            return []; // ComponentsCheck reports this error
        }

        var usesDapr = dapr is { Cli: not null, HasRuntime: true };
        if (!await broker.RespondsAsync(cancellationToken))
        {
            var start = broker.Name is "kafka" ? "docker compose up -d kafka topics" : $"docker compose up -d {broker.Name}";
            return usesDapr
                ? [new Finding(
                    Severity.Warning, Name, $"{broker} does not respond: ./run.sh waits a minute for it, then uses the emulator; start it with: {start}")]
                : [new Finding(Severity.Note, Name, $"{broker} does not respond, but the emulator does not need it; start it with: {start}")];
        }

        var responds = new Finding(Severity.Ok, Name, $"{broker} responds");
        return broker.Name is "kafka" ? [responds, .. await CheckTopicsAsync(root, runFile, broker, usesDapr)] : [responds];
    }

    private static async Task<IReadOnlyList<Finding>> CheckTopicsAsync(string root, RunFile runFile, Broker broker, bool usesDapr)
    {
        var severity = usesDapr ? Severity.Warning : Severity.Note;
        var address = $"{broker.Host}:{broker.Port}";
        try
        {
            var partitions = ComposeFile.KafkaPartitions(Path.Combine(root, "docker-compose.yml"));
            var kafka = await KafkaTopics.ReadAsync(address);
            var topics = Resource.Read(runFile.ComponentFile).Topics;
            var missing = topics.Where(topic => !kafka.Partitions.ContainsKey(topic)).ToList();
            var tooSmall = topics.Where(topic => kafka.Partitions.GetValueOrDefault(topic, partitions) < partitions).ToList();
            var findings = new List<Finding>();
            if (missing.Count > 0)
            {
                var consequence = kafka.CreatesTopics ? ": Kafka will create them with its default settings" : "";
                findings.Add(new Finding(
                    kafka.CreatesTopics || !usesDapr ? severity : Severity.Failure,
                    Topics,
                    $"{string.Join(", ", missing)} missing{consequence}; create them with: {CreateCommand(missing, partitions, address)}"));
            }

            if (tooSmall.Count > 0)
            {
                var sizes = string.Join(", ", tooSmall.Select(topic => $"{topic} ({kafka.Partitions[topic]})"));
                findings.Add(new Finding(severity, Topics, $"{sizes} with fewer than {partitions} partitions; change that with: {AlterCommand(tooSmall, partitions, address)}"));
            }

            return findings.Count > 0 ? findings : [new Finding(Severity.Ok, Topics, $"{string.Join(", ", topics)} with at least {partitions} partitions")];
        }
        catch (KafkaException e)
        {
            return [new Finding(severity, Topics, $"{broker} does not list its topics: {e.Error.Reason}; restart it with: docker compose restart kafka")];
        }
        catch (StackException e)
        {
            return [Finding.Broken(Topics, e.Message, "docker-compose.yml")];
        }
    }

    private static string CreateCommand(IEnumerable<string> topics, int partitions, string address) => SearchPath.Find("docker") is not null
        ? "docker compose up topics"
        : string.Join(" && ", topics.Select(topic => $"kafka-topics --bootstrap-server {address} --create --topic {topic} --partitions {partitions}"));

    private static string AlterCommand(IEnumerable<string> topics, int partitions, string address)
    {
        var program = SearchPath.Find("docker") is not null
            ? "docker compose exec kafka kafka-topics --bootstrap-server kafka:29092"
            : $"kafka-topics --bootstrap-server {address}";
        return string.Join(" && ", topics.Select(topic => $"{program} --alter --topic {topic} --partitions {partitions}"));
    }
}
