using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Replays exchanges against a service, and compares its responses and events with them.</summary>
internal static class Replay
{
    public static Task ExchangeAsync(Provider provider, string service, string exchange, string? release = null) =>
        RunAsync(provider, ExchangeFile.Of(service, release), exchange, new Bindings());

    public static async Task EventsAsync(Provider provider, EventExchange exchange)
    {
        var bindings = new Bindings();
        foreach (var example in exchange.Deliver)
        {
            await provider.DeliverExampleAsync(example, bindings);
        }

        await ExpectPublishedAsync(provider, exchange.Publishes, bindings);
    }

    /// <summary>Replays every exchange with deliveries, once with additional fields in the data and once with the fields in reverse order.</summary>
    public static async Task HandlersAsync(Provider provider, string service)
    {
        var file = ExchangeFile.Of(service);
        foreach (var rewrite in (Func<JsonObject, JsonObject>[])[WithAdditionalFields, Reversed])
        {
            provider.Rewrite = rewrite;
            foreach (var name in file.Exchanges.Values.Where(exchange => exchange.Given.Any(step => step.Deliver is not null)).Select(exchange => exchange.Name))
            {
                await RunAsync(provider, file, name, new Bindings());
            }

            foreach (var exchange in file.Events.Values)
            {
                await EventsAsync(provider, exchange);
            }
        }
    }

    public static async Task MalformedEventsAsync(Provider provider, string service)
    {
        var bindings = new Bindings();
        var topic = (await provider.SubscriptionsAsync()).First(subscription => !subscription.IsRaw).Topic;
        var valid = bindings.Resolve(ContractFiles.Examples().Select(ContractFiles.Example)
            .First(example => (string)example["topic"]! == topic && example["entries"] is null));
        var malformed = Malformed(valid).ToList();

        var statuses = await provider.DeliverAsync(topic, [valid, .. malformed]);

        Assert.Equal("SUCCESS", statuses[0]);
        Assert.All(statuses.Zip([valid, .. malformed]).Skip(1), pair => Assert.True(
            pair.First is "SUCCESS" or "DROP", $"{service} returned {pair.First} for {pair.Second.ToJsonString()}"));
    }

    /// <summary>Returns events that a service can never handle.</summary>
    private static IEnumerable<JsonNode> Malformed(JsonObject valid)
    {
        yield return new JsonObject { ["hello"] = "world" };
        foreach (var data in (JsonNode?[])[null, "text", new JsonObject(), new JsonArray(), 1])
        {
            var message = WithNewId(valid);
            message["data"] = data;
            yield return message;
        }

        foreach (var quantity in (JsonNode[])[0, -5, 1001, 1.5, "1"])
        {
            var message = WithNewId(valid);
            message["data"]!["quantity"] = quantity;
            yield return message;
        }

        foreach (var name in (string[])["order_id", "item_id", "quantity", "outcome"])
        {
            var message = WithNewId(valid);
            if (message["data"]!.AsObject().Remove(name))
            {
                // A service need not read this field. If it does, the value has the wrong type.
                message["data"]![name] = new JsonArray();
                yield return message;
            }
        }
    }

    private static JsonObject WithNewId(JsonObject message)
    {
        var copy = message.DeepClone().AsObject();
        copy["id"] = Guid.CreateVersion7().ToString();
        copy["data"]!["order_id"] = Guid.CreateVersion7().ToString();
        return copy;
    }

    private static JsonObject WithAdditionalFields(JsonObject data)
    {
        data.Insert(0, "channel", "web");
        data.Add("customer", new JsonObject { ["order_id"] = 17, ["outcome"] = "none" });
        return data;
    }

    private static JsonObject Reversed(JsonObject data) => new(data.DeepClone().AsObject().Reverse().Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));

    private static async Task RunAsync(Provider provider, ExchangeFile file, string name, Bindings bindings)
    {
        var exchange = file.Exchanges[name];
        foreach (var step in exchange.Given)
        {
            await (step.Deliver is { } example
                ? provider.DeliverExampleAsync(example, bindings)
                : RunAsync(provider, file, step.Exchange!, bindings));
        }

        var actual = await provider.SendAsync(exchange.Request, bindings);
        var differences = Comparison.Of(exchange.Response, actual, bindings);
        Assert.True(differences.Count == 0, $"{name}: {string.Join("; ", differences)}\n{actual.Content}");
        await ExpectPublishedAsync(provider, exchange.Publishes, bindings);
    }

    private static async Task ExpectPublishedAsync(Provider provider, IReadOnlyList<string> examples, Bindings bindings)
    {
        foreach (var name in examples)
        {
            var example = ContractFiles.Example(name);
            var topic = (string)example["topic"]!;
            var orderId = bindings.Resolve((string)example["data"]!["order_id"]!);
            var published = await provider.UntilPublishedAsync(events => events.Any(IsExpected));

            // The event may be published twice, but always with the same id.
            var message = Assert.Single(published.Where(IsExpected).DistinctBy(item => item.Id));
            Assert.Empty(Comparison.Of(example["data"], message.Data, bindings));

            bool IsExpected(PublishedEvent item) => item.Topic == topic && item.OrderId == orderId;
        }
    }
}
