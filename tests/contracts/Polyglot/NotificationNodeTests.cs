using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Stack;
using DaprOrders.Testing;
using YamlDotNet.Serialization;

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
    public void Its_run_file_differs_from_dapr_yaml_in_one_entry()
    {
        var (ours, theirs) = (Apps("dapr.yaml", out var commonOfOurs), Apps("samples/notification-node/dapr.yaml", out var commonOfTheirs));

        Assert.Equal(commonOfOurs, commonOfTheirs);
        Assert.Equal(ours.Keys, theirs.Keys);
        Assert.Equal(["notification"], ours.Keys.Where(app => ours[app] != theirs[app]));
    }

    private static Dictionary<string, string> Apps(string file, out string common)
    {
        var text = NodeStack.AtTheRoot(File.ReadAllText(Path.Combine(Repository.Root, file)));
        var run = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(text);
        var yaml = new SerializerBuilder().Build();
        common = yaml.Serialize(run["common"]);
        return ((List<object>)run["apps"]).Cast<Dictionary<object, object>>().ToDictionary(app => (string)app["appID"], app => yaml.Serialize(app));
    }
}
