using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Does to a service what an exchange says, and holds what it answers and publishes against the exchange.</summary>
internal static class Replay
{
    public static Task ExchangeAsync(Provider provider, string service, string exchange) =>
        RunAsync(provider, ExchangeFile.Of(service), exchange, new Bindings());

    public static async Task EventsAsync(Provider provider, EventExchange exchange)
    {
        var bindings = new Bindings();
        foreach (var example in exchange.Deliver)
        {
            await provider.DeliverExampleAsync(example, bindings);
        }

        await ExpectPublishedAsync(provider, exchange.Publishes, bindings);
    }

    /// <summary>Every exchange before which something is delivered, with events as a later version of their publisher might send them.</summary>
    public static async Task HandlersAsync(Provider provider, string service)
    {
        var file = ExchangeFile.Of(service);
        foreach (var rewrite in (Func<JsonObject, JsonObject>[])[WithMore, Reversed])
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

    public static async Task BadEventsAsync(Provider provider, string service)
    {
        var bindings = new Bindings();
        var topic = (await provider.SubscriptionsAsync()).First(subscription => !subscription.IsRaw).Topic;
        var good = bindings.Resolve(ContractFiles.Examples().Select(ContractFiles.Example)
            .First(example => (string)example["topic"]! == topic && example["entries"] is null));
        var bad = Bad(good).ToList();

        var statuses = await provider.DeliverAsync(topic, [good, .. bad]);

        Assert.Equal("SUCCESS", statuses[0]);
        Assert.All(statuses.Zip([good, .. bad]).Skip(1), one => Assert.True(
            one.First is "SUCCESS" or "DROP", $"{service} answered {one.First} to {one.Second.ToJsonString()}"));
    }

    /// <summary>What no repetition makes any better.</summary>
    private static IEnumerable<JsonNode> Bad(JsonObject good)
    {
        yield return new JsonObject { ["hello"] = "world" };
        foreach (var data in (JsonNode?[])[null, "text", new JsonObject(), new JsonArray(), 1])
        {
            var message = WithNewId(good);
            message["data"] = data;
            yield return message;
        }

        foreach (var name in (string[])["order_id", "item_id", "quantity", "outcome"])
        {
            var message = WithNewId(good);
            if (message["data"]!.AsObject().Remove(name))
            {
                // Whether a service reads the field is its own affair; as a wrong kind it may matter to none.
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

    private static JsonObject WithMore(JsonObject data)
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
            var published = await provider.UntilPublishedAsync(events => events.Any(IsIt));

            // It may be handed over twice, but it is one event.
            var answer = Assert.Single(published.Where(IsIt).DistinctBy(message => message.Id));
            Assert.Empty(Comparison.Of(example["data"], answer.Data, bindings));

            bool IsIt(PublishedEvent message) => message.Topic == topic && message.OrderId == orderId;
        }
    }
}
