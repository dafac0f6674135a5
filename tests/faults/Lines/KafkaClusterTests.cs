using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Lines;

/// <summary>
/// Deletes the disk of a broker of a Kafka cluster, with the settings of <c>docs/operations.md</c> and without one of them. Each partition has a
/// replica on each of the three brokers.
/// </summary>
[Trait("Form", "lines")]
public sealed class KafkaClusterTests(ITestOutputHelper output)
{
    private const string Line = "kafka cluster";

    /// <summary>Long enough for the relay to publish, and shorter than the controller waits for a broker that does not respond (30 s).</summary>
    private static readonly TimeSpan PublishTime = TimeSpan.FromSeconds(7);

    /// <summary>Longer than Kafka waits for a broker that has ended until it counts as not in sync (30 s), and than the relay then pauses.</summary>
    private static readonly TimeSpan ShrinkTime = TimeSpan.FromSeconds(75);

    /// <summary>Long enough for the cluster to elect leaders and for the sidecars to find them, on a busy machine.</summary>
    private static readonly TimeSpan FailoverTime = TimeSpan.FromMinutes(4);

    [Theory(Explicit = true)]
    [InlineData("all", false)]
    [InlineData("local", true)]
    public async Task Leader_that_fails_before_its_events_are_copied_loses_them_only_with_local_acks(string acks, bool loses)
    {
        Skip();
        await using var cluster = await StartClusterAsync();
        await using var stack = await StartSystemAsync(cluster, acks);
        var run = new LineRun(stack);
        await run.PlaceAndSettleAsync();
        await run.Runtime.StopAsync(run.Instance("inventory"));

        Followers(cluster).ForEach(broker => broker.Freeze());
        await run.PlaceAsync();
        var isPublished = await run.WaitForPublishesAsync(PublishTime);
        await KafkaCluster.DestroyAsync(cluster.Brokers[0]);
        Followers(cluster).ForEach(broker => broker.Continue());

        await AssertLossAsync(cluster, run, isPublished, loses);
    }

    [Theory(Explicit = true)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public async Task Last_broker_that_fails_loses_its_events_only_if_one_replica_is_enough(int minInsyncReplicas, bool loses)
    {
        Skip();
        await using var cluster = await StartClusterAsync(minInsyncReplicas);
        await using var stack = await StartSystemAsync(cluster, "all");
        var run = new LineRun(stack);
        await run.Runtime.StopAsync(run.Instance("inventory"));

        await Task.WhenAll(Followers(cluster).Select(broker => broker.KillAsync()));
        await run.PlaceAsync();
        var isPublished = await run.WaitForPublishesAsync(ShrinkTime);
        await KafkaCluster.DestroyAsync(cluster.Brokers[0]);

        await AssertLossAsync(cluster, run, isPublished, loses);
    }

    /// <summary>Starts what was stopped, and checks that events are lost exactly if they were published before the disk was deleted.</summary>
    private async Task AssertLossAsync(KafkaCluster cluster, LineRun run, bool isPublished, bool loses)
    {
        await cluster.StartAsync();
        await run.Runtime.StartAsync(run.Instance("inventory"));
        Assert.True(await run.WaitForPublishesAsync(FailoverTime), "The order service could not publish its events");
        var missing = await run.CountLostAsync(FailoverTime);
        output.WriteLine($"Published before the disk was deleted: {isPublished}; {missing} notifications missing");
        Assert.Equal(loses, isPublished);
        Assert.Equal(loses, missing > 0);
    }

    private static void Skip()
    {
        AttachedSystem.Skip();
        LineRun.SkipUnselected(Line);
        Assert.SkipUnless(DaprPrograms.Find() is { Cli: not null, HasRuntime: true }, "Dapr is not installed.");
        Assert.SkipWhen(BrokerPrograms.Reason("kafka") is not null, $"{BrokerPrograms.Reason("kafka")}.");
    }

    private static Task<KafkaCluster> StartClusterAsync(int minInsyncReplicas = 2) =>
        KafkaCluster.StartAsync(Path.Combine(StackSettings.FromEnvironment().Root, "components", "kafka", "pubsub.yaml"), minInsyncReplicas);

    private static Task<StackHost> StartSystemAsync(KafkaCluster cluster, string acks) => LineRun.StartAsync(
        new ComponentLine
        {
            Name = Line,
            Edits = [("  - name: authType\n", $"  - name: producerRequiredAcks\n    value: {acks}\n  - name: authType\n")],
            Stack = new StackOptions { BrokerAddresses = cluster.Addresses },
            Scenario = _ => throw new NotSupportedException(),
        },
        without: true);

    private static List<BrokerHost> Followers(KafkaCluster cluster) => [.. cluster.Brokers.Skip(1)];
}
