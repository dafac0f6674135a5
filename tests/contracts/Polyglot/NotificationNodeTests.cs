using DaprOrders.Contracts.Tests.Events;
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

    [Fact]
    public async Task NOTIFICATION_URL_points_the_suite_to_it()
    {
        Assert.SkipUnless(Programs.Has("node"), "the sample needs Node 20");
        await using var node = new NotificationNode();
        using var http = await node.StartAsync();

        // The same method for all services: two of them are ours, and one is where the variable says.
        var (status, output) = await Programs.RunAsync(
            Repository.Root, "", "env", $"NOTIFICATION_URL={http.BaseAddress}", Environment.ProcessPath!, "-noColor",
            "-method", $"{typeof(ProviderTests).FullName}.{nameof(ProviderTests.Events_that_can_never_be_handled_are_not_asked_for_again_and_harm_no_other)}");

        Assert.True(status == 0, output);
        Assert.Contains("Total: 3, Errors: 0, Failed: 0, Skipped: 0", output, StringComparison.Ordinal);
        Assert.Single(await File.ReadAllLinesAsync(node.File, Cancel));
        Assert.Contains("Dropped event", node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_has_at_most_150_lines_and_uses_nothing_but_Node_itself()
    {
        var lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "samples", "notification-node", "notification.mjs"), Cancel);

        Assert.InRange(lines.Length, 1, 150);
        Assert.All(lines.Where(line => line.StartsWith("import ", StringComparison.Ordinal)), line => Assert.Contains(" from 'node:", line, StringComparison.Ordinal));
        Assert.Equal(["README.md", "notification.mjs"], Directory.GetFiles(Path.Combine(Repository.Root, "samples", "notification-node"))
            .Select(Path.GetFileName).Where(name => name != "notifications.jsonl").Order(StringComparer.Ordinal));
    }
}
