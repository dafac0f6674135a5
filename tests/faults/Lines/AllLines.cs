using DaprOrders.Faults.Tests.Mutations;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Lines;

/// <summary>Contains the lines that prevent a loss which a test can show.</summary>
internal static class AllLines
{
    private static readonly (string Find, string Replacement) WithoutRetry = ("        inbound:\n          retry: untilHandled\n", "        inbound: {}\n");

    private static readonly Mutation WithoutDeadLetterTopic = new()
    {
        Name = "No dead-letter topic",
        Invariant = "",
        Project = "libs/messaging",
        Apps = ["notification"],
        Edits = [new("libs/messaging/Events/EventEndpoints.cs", ", DeadLetterTopic = DeadLetterTopic(app) })", " })")],
    };

    public static IReadOnlyList<ComponentLine> List { get; } =
    [
        new()
        {
            Name = "kafka initialOffset",
            Edits = [Changed("initialOffset", "oldest", "newest")],
            Stack = new StackOptions { Deferred = ["notification"] },
            Scenario = Scenarios.SubscriberIsNew,
        },
        new()
        {
            Name = "kafka producerRequiredAcks",
            Edits = [Added("producerRequiredAcks", "none", before: "authType")],
            Scenario = Scenarios.BrokerFreezesAndCrashes,
        },
        new()
        {
            Name = "kafka deadLetterTopic",
            Mutation = WithoutDeadLetterTopic,
            Scenario = Scenarios.RecordCannotBeRead,
        },
        new()
        {
            Name = "redis appendonly",
            RedisOptions = new Dictionary<string, string> { ["appendonly"] = "no" },
            Scenario = Scenarios.BrokerCrashesWithWaitingEvents,
        },
        new()
        {
            Name = "redis processingTimeout",
            Edits = [Changed("processingTimeout", "5s", "0")],
            Scenario = Scenarios.SubscriberCrashesWithEvents,
        },
        new()
        {
            Name = "redis redeliverInterval",
            Edits = [Changed("redeliverInterval", "2000", "0")],
            Scenario = Scenarios.SubscriberCrashesWithEvents,
        },
        new()
        {
            Name = "redis retry",
            Edits = [WithoutRetry],
            Scenario = Scenarios.ServiceCrashes,
        },
        new()
        {
            Name = "rabbitmq durable",
            Edits = [Changed("durable", "true", "false"), ("\"durable\": true", "\"durable\": false")],
            Scenario = Scenarios.BrokerCrashesWithWaitingEvents,
        },
        new()
        {
            Name = "rabbitmq deletedWhenUnused",

            // RabbitMQ refuses a queue that differs from its definitions, so they change as well.
            Edits = [Without("deletedWhenUnused", "false"), ("\"auto_delete\": false", "\"auto_delete\": true")],
            Scenario = Scenarios.SubscriberIsStopped,
        },
        new()
        {
            Name = "rabbitmq deliveryMode",
            Edits = [Without("deliveryMode", "2")],
            Scenario = Scenarios.BrokerCrashesWithWaitingEvents,
        },
        new()
        {
            Name = "rabbitmq publisherConfirm",
            Edits = [Without("publisherConfirm", "true")],
            Scenario = Scenarios.BrokerFreezesAndCrashes,
        },
        new()
        {
            Name = "rabbitmq requeueInFailure",
            Edits = [Without("requeueInFailure", "true"), WithoutRetry], // with the retry, a delivery does not fail
            Scenario = Scenarios.ServiceCrashes,
        },
        new()
        {
            Name = "rabbitmq autoAck",
            Edits = [Added("autoAck", "true", before: "durable")],
            Scenario = Scenarios.SubscriberCrashesWithEvents,
        },
        new()
        {
            Name = "rabbitmq prefetchCount",
            Edits = [Without("prefetchCount", "200")],
            Stack = new StackOptions { Instances = new Dictionary<string, int> { ["notification"] = 2 } },
            Scenario = Scenarios.InstanceFreezes,
            Tolerated = 200,
        },
        new()
        {
            Name = "rabbitmq consumer_timeout",
            Edits = [("\nconsumer_timeout = 60000\n", "\n")],
            Scenario = Scenarios.ConnectionsAreClosed,
            Tolerated = 10, // a publish that waits for its confirmation when its connection is closed is lost, and the sweep is off
        },
    ];

    private static (string Find, string Replacement) Without(string name, string value) => ($"  - name: {name}\n    value: {Quoted(value)}\n", "");

    private static (string Find, string Replacement) Changed(string name, string value, string replacement) =>
        ($"- name: {name}\n    value: {Quoted(value)}", $"- name: {name}\n    value: {Quoted(replacement)}");

    private static (string Find, string Replacement) Added(string name, string value, string before) =>
        ($"  - name: {before}\n", $"  - name: {name}\n    value: {Quoted(value)}\n  - name: {before}\n");

    /// <summary>Returns a value as the components write it: Dapr refuses booleans and numbers that are not text.</summary>
    private static string Quoted(string value) => bool.TryParse(value, out _) || int.TryParse(value, out _) ? $"\"{value}\"" : value;
}
