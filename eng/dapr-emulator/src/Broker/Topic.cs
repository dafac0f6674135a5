using System.Text;

namespace DaprOrders.DaprEmulator.Broker;

internal sealed class Topic
{
    public const int PartitionCount = 3;

    private int _next;

    public Topic(long id, string name, Func<Topic, int, Partition> partition)
    {
        Id = id;
        Name = name;
        Partitions = [.. Enumerable.Range(0, PartitionCount).Select(number => partition(this, number))];
    }

    public long Id { get; }

    public string Name { get; }

    public IReadOnlyList<Partition> Partitions { get; }

    /// <summary>Selects the partition of a key with the hash (FNV-1a) that Dapr's Kafka component uses. Records without a key are distributed in turn.</summary>
    public Partition PartitionOf(string? key)
    {
        if (key is null)
        {
            return Partitions[(int)((uint)Interlocked.Increment(ref _next) % PartitionCount)];
        }

        var hash = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(key))
        {
            hash = (hash ^ b) * 16777619;
        }

        return Partitions[Math.Abs((int)hash % PartitionCount)];
    }
}
