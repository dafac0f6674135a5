using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>The provider suite once more, with the notification service in Node.</summary>
public sealed class NotificationNodeTests
{
    private const string Service = "notification";
    private const string Topic = "inventory.updated";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Exchanges => [.. ExchangeFile.Of(Service).Exchanges.Keys];

    [Theory]
    [MemberData(nameof(Exchanges))]
    public async Task It_answers_each_request_as_the_contract_says(string exchange)
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.ExchangeAsync(provider, Service, exchange);
    }

    [Fact]
    public async Task It_takes_every_example_with_fields_that_it_does_not_know_and_in_another_order_too()
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.HandlersAsync(provider, Service);
    }

    [Fact]
    public async Task Events_that_can_never_be_handled_are_not_asked_for_again_and_harm_no_other()
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        await Replay.BadEventsAsync(provider, Service);
    }

    [Fact]
    public async Task It_subscribes_to_what_the_contract_says()
    {
        await using var provider = await NotificationNode.StartProviderAsync();

        var subscription = Assert.Single(await provider.SubscriptionsAsync());
        Assert.Equal(("pubsub", Topic), (subscription.PubSub, subscription.Topic));
    }

    [Fact]
    public async Task What_it_has_answered_is_still_there_after_a_crash_and_a_line_that_was_cut_off_is_not()
    {
        await using var node = new NotificationNode();
        await using (var before = new Provider(await node.StartAsync(), new SidecarStub(), () => ValueTask.CompletedTask))
        {
            await before.DeliverExampleAsync("inventory.updated.reserved", new Bindings(keepExamples: true));
            await before.DeliverExampleAsync("inventory.updated.out-of-stock", new Bindings(keepExamples: true));
        }

        await node.KillAsync();
        var lines = await File.ReadAllTextAsync(node.File, Cancel);
        await File.AppendAllTextAsync(node.File, """{"id":"cut off in the mid""", Cancel);

        await using var after = new Provider(await node.StartAsync(), new SidecarStub(), () => ValueTask.CompletedTask);
        Assert.Equal(lines, await File.ReadAllTextAsync(node.File, Cancel));
        await after.DeliverExampleAsync("inventory.updated.bulk", new Bindings(keepExamples: true));
        Assert.Equal(3, (await File.ReadAllLinesAsync(node.File, Cancel)).Length);
        Assert.StartsWith(lines, await File.ReadAllTextAsync(node.File, Cancel), StringComparison.Ordinal);
    }
}
