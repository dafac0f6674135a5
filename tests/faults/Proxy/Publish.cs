using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>A bulk publish, as a relay sends it.</summary>
internal sealed class Publish
{
    private readonly JsonArray _entries;

    private Publish(JsonArray entries) => _entries = entries;

    /// <summary>Gets key and event id of each entry, in their order.</summary>
    public IEnumerable<(string Key, string EventId)> Entries =>
        _entries.Select(entry => ((string)entry!["metadata"]!["partitionKey"]!, (string)entry["entryId"]!));

    public static Publish? Read(PathString path, byte[] body) =>
        path.StartsWithSegments("/v1.0/publish/bulk", StringComparison.Ordinal)
            ? new Publish(JsonSerializer.Deserialize<JsonArray>(body)!)
            : null;

    /// <summary>The body without the entries that are lost; an empty list is accepted by the sidecar too.</summary>
    public byte[] Without(Func<JsonNode, bool> isLost, out int lost)
    {
        var kept = _entries.Where(entry => !isLost(entry!)).Select(entry => entry!.DeepClone()).ToArray();
        lost = _entries.Count - kept.Length;
        return JsonSerializer.SerializeToUtf8Bytes(new JsonArray(kept));
    }
}
