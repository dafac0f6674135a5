namespace DaprOrders.DaprEmulator.Broker;

/// <summary>A record to append.</summary>
/// <param name="Key">Chooses the partition; records without a key are spread over all.</param>
internal sealed record NewRecord(string? Key, byte[] Value, IReadOnlyList<KeyValuePair<string, string>> Headers);

/// <summary>A record of the log.</summary>
/// <param name="Timestamp">When it was appended, in milliseconds since 1970.</param>
internal sealed record Record(
    Partition Partition,
    long Offset,
    string? Key,
    byte[] Value,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    long Timestamp);
