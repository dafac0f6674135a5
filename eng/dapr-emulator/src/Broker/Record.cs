namespace DaprOrders.DaprEmulator.Broker;

/// <summary>A record to append.</summary>
/// <param name="Key">Selects the partition. Records without a key are distributed over all partitions.</param>
internal sealed record NewRecord(string? Key, byte[] Value, IReadOnlyList<KeyValuePair<string, string>> Headers);

/// <summary>A stored record.</summary>
/// <param name="Timestamp">The time of the append in Unix milliseconds.</param>
internal sealed record Record(
    Partition Partition,
    long Offset,
    string? Key,
    byte[] Value,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    long Timestamp);
