using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>A bulk publish that a relay sends to its sidecar.</summary>
internal sealed class Publish
{
    private readonly JsonArray _entries;

    private Publish(JsonArray entries) => _entries = entries;

    /// <summary>Gets the key and the event id of each entry, in order.</summary>
    public IEnumerable<(string Key, string EventId)> Entries =>
        _entries.Select(entry => ((string)entry!["metadata"]!["partitionKey"]!, (string)entry["metadata"]!["cloudevent.id"]!));

    public static Publish? Read(PathString path, byte[] body) =>
        path.StartsWithSegments("/v1.0/publish/bulk", StringComparison.Ordinal)
            ? new Publish(JsonSerializer.Deserialize<JsonArray>(body)!)
            : null;

    /// <summary>Returns the body without a random share of its entries. The sidecar also accepts an empty list.</summary>
    public (byte[] Body, int Lost) Without(double share, Random random)
    {
        var kept = _entries.Where(_ => random.NextDouble() >= share).Select(entry => entry!.DeepClone()).ToArray();
        return (JsonSerializer.SerializeToUtf8Bytes(new JsonArray(kept)), _entries.Count - kept.Length);
    }
}
