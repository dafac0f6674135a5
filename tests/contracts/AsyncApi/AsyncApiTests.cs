extern alias inventory;
extern alias notification;
extern alias order;
using System.Reflection;
using System.Text.RegularExpressions;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Messaging;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.AsyncApi;

/// <summary>contracts/asyncapi.yaml is written by hand. These tests check that it matches the code.</summary>
public sealed class AsyncApiTests(Implementations implementations)
{
    private static readonly Dictionary<string, Assembly> Services = new()
    {
        ["order"] = typeof(order::Program).Assembly,
        ["inventory"] = typeof(inventory::Program).Assembly,
        ["notification"] = typeof(notification::Program).Assembly,
    };

    public static TheoryData<string> Brokers => ["kafka", "rabbitmq", "redis"];

    public static TheoryData<string> ServiceNames => [.. Services.Keys];

    [Fact]
    public void Topics_publishers_and_subscribers_match_the_code() =>
        Assert.Equal(Services.SelectMany(service => OperationsOf(service.Key, service.Value)).Order(StringComparer.Ordinal), AsyncApiFile.Read().Operations);

    [Theory]
    [MemberData(nameof(ServiceNames))]
    public async Task Each_service_subscribes_only_to_its_topics_and_its_dead_letters(string service)
    {
        await using var provider = await implementations.StartAsync(service);

        var received = AsyncApiFile.Read().Operations.Where(operation => operation.StartsWith($"{service} receive ", StringComparison.Ordinal))
            .Select(operation => operation.Split(' ')[2]);

        var subscriptions = await provider.SubscriptionsAsync();
        Assert.Equal(received, subscriptions.Where(subscription => !subscription.IsRaw).Select(subscription => subscription.Topic));
        Assert.All(subscriptions.Where(subscription => subscription.IsRaw), subscription => Assert.Equal($"{service}.dead", subscription.Topic));
        Assert.All(subscriptions, subscription => Assert.Equal("pubsub", subscription.PubSub));
    }

    [Theory]
    [MemberData(nameof(Brokers))]
    public async Task Scopes_of_each_broker_match_the_document(string broker)
    {
        var component = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "components", broker, "pubsub.yaml"), TestContext.Current.CancellationToken);

        var operations = Scope(component, "publishingScopes").Select(pair => $"{pair.App} send {pair.Topic}")
            .Concat(Scope(component, "subscriptionScopes").Select(pair => $"{pair.App} receive {pair.Topic}"))
            .Where(operation => !operation.EndsWith(".dead", StringComparison.Ordinal));

        Assert.Equal(AsyncApiFile.Read().Operations, operations.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_topic_has_its_schema_and_every_reference_resolves()
    {
        var file = AsyncApiFile.Read();

        Assert.Equal(ContractFiles.Topics(), file.Schemas.Keys.Order(StringComparer.Ordinal));
        Assert.All(file.Schemas, schema => Assert.Equal($"./events/{schema.Key}.schema.json", schema.Value));
        Assert.All(file.References(), reference => Assert.NotNull(
            reference.StartsWith('#') ? file.Resolve(reference) : ContractFiles.Read(reference[2..].Split('/'))));
    }

    [Fact]
    public void Document_has_the_same_version_as_the_OpenAPI_documents() => Assert.All(
        (string[])["gateway", "order", "inventory", "notification"],
        service => Assert.Equal(AsyncApiFile.Read().Version, (string?)ContractFiles.Read("http", $"{service}.openapi.json")["info"]!["version"]));

    /// <summary>Returns the operations of a service. It receives the events that it handles, and sends the other events that it declares.</summary>
    private static IEnumerable<string> OperationsOf(string app, Assembly assembly)
    {
        var handled = assembly.GetTypes().SelectMany(type => type.GetInterfaces())
            .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IHandleMessages<>))
            .Select(type => type.GenericTypeArguments[0])
            .ToHashSet();
        return assembly.GetTypes().Where(type => type is { IsInterface: false } && typeof(IEvent).IsAssignableFrom(type))
            .Select(type => $"{app} {(handled.Contains(type) ? "receive" : "send")} {type.GetProperty(nameof(IEvent.Topic))!.GetValue(null)}");
    }

    private static IEnumerable<(string App, string Topic)> Scope(string component, string name)
    {
        var scopes = Regex.Match(component, $@"name: *{name}\s+value: *""?([^""\n]+)""?").Groups[1].Value;
        return
            from scope in scopes.Split(';')
            let pair = scope.Split('=')
            from topic in pair[1].Split(',', StringSplitOptions.RemoveEmptyEntries)
            select (pair[0], topic);
    }
}
