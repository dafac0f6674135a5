using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Replays every exchange against each service. The steps before an exchange use only calls and deliveries of the contract.</summary>
public sealed class ProviderTests(Implementations implementations)
{
    public static TheoryData<string, string> Exchanges => Cases(file => file.Exchanges.Keys);

    public static TheoryData<string, string> EventExchanges => Cases(file => file.Events.Keys);

    public static TheoryData<string> Services => [.. ExchangeFile.Services];

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Response_to_each_request_matches_the_contract(string service, string exchange)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.ExchangeAsync(provider, service, exchange);
    }

    [Theory]
    [MemberData(nameof(EventExchanges))]
    public async Task Events_that_a_handler_publishes_match_the_contract(string service, string exchange)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.EventsAsync(provider, ExchangeFile.Of(service).Events[exchange]);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Every_example_is_handled_with_unknown_fields_and_in_another_order(string service)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.HandlersAsync(provider, service);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Malformed_events_are_not_retried_and_do_not_affect_other_events(string service)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.MalformedEventsAsync(provider, service);
    }

    [Fact]
    public async Task Order_that_is_delivered_twice_takes_its_units_once()
    {
        await using var provider = await implementations.StartAsync("inventory");
        var exchange = ExchangeFile.Of("inventory").Events["publishes one outcome for an order that is delivered twice"];
        var before = await AvailableAsync(provider);

        await Replay.EventsAsync(provider, exchange);

        Assert.Equal(before - 1, await AvailableAsync(provider));
    }

    private static async Task<int> AvailableAsync(Provider provider)
    {
        var stock = await provider.SendAsync(ExchangeFile.Of("inventory").Exchanges["reads the stock of an item"].Request, new Bindings());
        return (int)stock.Body!["available"]!;
    }

    private static TheoryData<string, string> Cases(Func<ExchangeFile, IEnumerable<string>> names)
    {
        var cases = new TheoryData<string, string>();
        foreach (var service in ExchangeFile.Services)
        {
            foreach (var name in names(ExchangeFile.Of(service)))
            {
                cases.Add(service, name);
            }
        }

        return cases;
    }
}
