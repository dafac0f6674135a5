using System.Text;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Tests.Support;
using Record = DaprOrders.DaprEmulator.Broker.Record;

namespace DaprOrders.DaprEmulator.Tests.Broker;

public sealed class MessageBrokerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("broker-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Records_and_offsets_survive_a_restart()
    {
        using (var broker = new MessageBroker(_folder, TimeProvider.System))
        {
            await broker.AppendAsync("t", New("k", "one"), New("k", "two"));
            broker.CommitOffset("g", broker.Topic("t").PartitionOf("k"), 1);
        }

        using var reopened = new MessageBroker(_folder, TimeProvider.System);
        var partition = reopened.Topic("t").PartitionOf("k");
        Assert.Equal(1, reopened.CommittedOffset("g", partition));
        Assert.Equal(2, partition.End);
        var record = Assert.Single(partition.Read(1, 10));
        Assert.Equal("two", Text(record));
        Assert.Equal("k", record.Key);
        Assert.Equal([KeyValuePair.Create("name", "välue")], record.Headers);
    }

    [Fact]
    public async Task Records_of_one_key_keep_their_order_with_many_publishers()
    {
        using var broker = new MessageBroker(_folder, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async publisher =>
        {
            for (var n = 0; n < 100; n++)
            {
                await broker.AppendAsync("t", New($"key-{publisher}", $"{publisher} {n:D3}"));
            }
        }));

        var all = broker.Topic("t").Partitions.SelectMany(partition => partition.Read(0, 1000)).ToList();
        Assert.Equal(800, all.Count);
        foreach (var ofKey in all.GroupBy(record => record.Key))
        {
            Assert.Equal(ofKey.Select(Text).Order(StringComparer.Ordinal), ofKey.Select(Text));
            Assert.Single(ofKey.Select(record => record.Partition).Distinct());
        }
    }

    [Fact]
    public async Task Records_that_are_not_in_memory_are_read_from_disk()
    {
        using var broker = new MessageBroker(_folder, TimeProvider.System);
        await broker.AppendAsync("t", [.. Enumerable.Range(0, 10_000).Select(n => New("k", n.ToString()))]);

        var partition = broker.Topic("t").PartitionOf("k");
        Assert.Equal(["0", "1", "2"], partition.Read(0, 3).Select(Text));
        Assert.Equal(["9999"], partition.Read(9_999, 3).Select(Text));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task New_group_starts_at_the_oldest_or_at_the_next_record(bool oldest, long first)
    {
        using var broker = new MessageBroker(_folder, TimeProvider.System);
        await broker.AppendAsync("t", New("k", "1"));
        var read = new RecordCollector();

        await using var member = broker.Group("g", "t").Join(oldest, isVolatile: false, read.Consumer(broker, "g"));
        await broker.AppendAsync("t", New("k", "2"));

        Assert.Equal(first.ToString(), (await read.WaitForAsync(1))[0]);
    }

    [Fact]
    public async Task Remaining_member_takes_over_the_partitions_of_a_member_that_leaves()
    {
        using var broker = new MessageBroker(_folder, TimeProvider.System);
        var (first, second) = (new RecordCollector(), new RecordCollector());
        var group = broker.Group("g", "t");
        var leaving = group.Join(startsAtOldest: true, isVolatile: false, first.Consumer(broker, "g"));
        await using var staying = group.Join(startsAtOldest: true, isVolatile: false, second.Consumer(broker, "g"));

        await broker.AppendAsync("t", [.. Enumerable.Range(0, 30).Select(n => New(null, $"before {n}"))]);
        await Task.WhenAll(first.WaitForAsync(20), second.WaitForAsync(10));
        await leaving.DisposeAsync();
        await broker.AppendAsync("t", [.. Enumerable.Range(0, 30).Select(n => New(null, $"after {n}"))]);

        var all = await second.WaitForAsync(40);
        Assert.Equal(30, all.Count(text => text.StartsWith("after")));
        Assert.Equal(30, first.Texts.Concat(all).Count(text => text.StartsWith("before")));
    }

    [Fact]
    public async Task Every_group_receives_every_record()
    {
        using var broker = new MessageBroker(_folder, TimeProvider.System);
        var (one, other) = (new RecordCollector(), new RecordCollector());
        await using var first = broker.Group("one", "t").Join(true, false, one.Consumer(broker, "one"));
        await using var second = broker.Group("other", "t").Join(true, false, other.Consumer(broker, "other"));

        await broker.AppendAsync("t", New("k", "x"));

        Assert.Equal(["x"], await one.WaitForAsync(1));
        Assert.Equal(["x"], await other.WaitForAsync(1));
    }

    private static NewRecord New(string? key, string value) => new(key, Encoding.UTF8.GetBytes(value), [KeyValuePair.Create("name", "välue")]);

    private static string Text(Record record) => Encoding.UTF8.GetString(record.Value);

    private sealed class RecordCollector
    {
        private readonly WaitableList<string> _texts = new();

        public IReadOnlyList<string> Texts => _texts.Items;

        public Consume Consumer(MessageBroker broker, string group) => async (partition, revoked) =>
        {
            for (var next = broker.CommittedOffset(group, partition) ?? 0; ; next++)
            {
                await partition.WaitForAsync(next, revoked);
                _texts.Add(Text(partition.Read(next, 1)[0]));
                broker.CommitOffset(group, partition, next + 1);
            }
        };

        public Task<IReadOnlyList<string>> WaitForAsync(int count) => _texts.WaitForAsync(count, _ => true, "records");
    }
}
