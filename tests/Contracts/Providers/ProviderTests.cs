using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.Providers;

/// <summary>Replays every exchange against each service. What must have happened before, happens by the contract's own calls.</summary>
public sealed class ProviderTests(Implementations implementations)
{
    public static TheoryData<string, string> Exchanges => Cases(file => file.Exchanges.Keys);

    public static TheoryData<string, string> EventExchanges => Cases(file => file.Events.Keys);

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
