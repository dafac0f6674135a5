using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Replays every exchange against each service. What must have happened before, happens by the contract's own calls.</summary>
public sealed class ProviderTests(Implementations implementations)
{
    public static TheoryData<string, string> Exchanges => Cases(file => file.Exchanges.Keys);

    public static TheoryData<string, string> EventExchanges => Cases(file => file.Events.Keys);

    public static TheoryData<string> Handlers => [.. ExchangeFile.Services];

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Each_service_answers_each_request_as_the_contract_says(string service, string exchange)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.ExchangeAsync(provider, service, exchange);
    }

    [Theory]
    [MemberData(nameof(EventExchanges))]
    public async Task Each_service_publishes_what_the_contract_says_when_it_hears_an_event(string service, string exchange)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.EventsAsync(provider, ExchangeFile.Of(service).Events[exchange]);
    }

    [Theory]
    [MemberData(nameof(Handlers))]
    public async Task Each_handler_takes_every_example_with_fields_that_it_does_not_know_and_in_another_order_too(string service)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.HandlersAsync(provider, service);
    }

    [Theory]
    [MemberData(nameof(Handlers))]
    public async Task Events_that_can_never_be_handled_are_not_asked_for_again_and_harm_no_other(string service)
    {
        await using var provider = await implementations.StartAsync(service);

        await Replay.BadEventsAsync(provider, service);
    }

    [Fact]
    public async Task An_order_that_comes_twice_takes_its_pieces_once()
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
