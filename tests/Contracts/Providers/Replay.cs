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
