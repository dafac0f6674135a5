using DaprOrders.Contracts.Tests.Compatibility;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>Runs the provider tests against the notification service in Node.</summary>
public sealed class NotificationNodeTests
{
    private const string Service = "notification";
    private const string Topic = "inventory.updated";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Exchanges => [.. ExchangeFile.Of(Service).Exchanges.Keys];

    public static TheoryData<string, string> ReleasedExchanges =>
    [
        .. from release in ContractSet.Releases.Keys
           from exchange in ExchangeFile.Of(Service, release).Exchanges.Keys
           select new TheoryDataRow<string, string>(release, exchange),
    ];

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task Response_to_each_request_matches_the_contract(string exchange)
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.ExchangeAsync(provider, Service, exchange);
    }

    [Theory]
    [MemberData(nameof(ReleasedExchanges))]
    public async Task Response_to_each_request_matches_each_release(string release, string exchange)
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.ExchangeAsync(provider, Service, exchange, release);
    }

    [Fact]
    public async Task Every_example_is_handled_with_unknown_fields_and_in_another_order()
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.HandlersAsync(provider, Service);
    }

    [Fact]
    public async Task Malformed_events_are_not_retried_and_do_not_affect_other_events()
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.MalformedEventsAsync(provider, Service);
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is not JSON")]
    [InlineData("null")]
    public async Task Body_that_is_not_an_event_is_not_redelivered(string body)
    {
        await using var node = new NotificationNode();
        using var http = await node.StartAsync();
        using var content = new StringContent(body, null, "application/cloudevents+json");

        using var response = await http.PostAsync(new Uri($"/events/{Topic}", UriKind.Relative), content, Cancel);

        Assert.Equal("""{"status":"DROP"}""", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Service_subscribes_to_its_topic_only()
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        var subscription = Assert.Single(await provider.SubscriptionsAsync());
        Assert.Equal(("pubsub", Topic), (subscription.PubSub, subscription.Topic));
    }

    [Fact]
    public async Task Crash_keeps_acknowledged_events_and_removes_a_truncated_line()
    {
        await using var node = new NotificationNode();
        await using (var before = new Provider(await node.StartAsync(), new SidecarStub(), () => ValueTask.CompletedTask))
        {
            await before.DeliverExampleAsync("inventory.updated.reserved", new Bindings(keepExamples: true));
            await before.DeliverExampleAsync("inventory.updated.out-of-stock", new Bindings(keepExamples: true));
        }

        await node.KillAsync();
        var stored = await File.ReadAllTextAsync(node.File, Cancel);
        await File.AppendAllTextAsync(node.File, """{"id":"truncated li""", Cancel);

        await using var after = new Provider(await node.StartAsync(), new SidecarStub(), () => ValueTask.CompletedTask);
        Assert.Equal(stored, await File.ReadAllTextAsync(node.File, Cancel));
        await after.DeliverExampleAsync("inventory.updated.bulk", new Bindings(keepExamples: true));
        Assert.Equal(3, (await File.ReadAllLinesAsync(node.File, Cancel)).Length);
        Assert.StartsWith(stored, await File.ReadAllTextAsync(node.File, Cancel), StringComparison.Ordinal);
    }
}
