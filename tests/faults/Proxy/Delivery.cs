using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>A bulk delivery that a sidecar sends to an app.</summary>
internal sealed class Delivery
{
    private readonly JsonObject _envelope;

    private Delivery(JsonObject envelope) => _envelope = envelope;

    private JsonArray Entries => (JsonArray)_envelope["entries"]!;

    public static Delivery? Read(PathString path, byte[] body) =>
        path.StartsWithSegments("/events", StringComparison.Ordinal) && JsonSerializer.Deserialize<JsonObject>(body) is { } envelope
            && envelope["entries"] is JsonArray
            ? new Delivery(envelope)
            : null;

    /// <summary>Returns the ids of the events that the response acknowledges.</summary>
    public IEnumerable<string> GetHandledEvents(byte[] response)
    {
        if (response.Length == 0 || JsonSerializer.Deserialize<JsonObject>(response)?["statuses"] is not JsonArray statuses)
        {
            return [];
        }

        var handled = statuses.Where(status => (string?)status!["status"] == "SUCCESS").Select(status => (string)status!["entryId"]!).ToHashSet();
        return Entries
            .Where(entry => handled.Contains((string)entry!["entryId"]!))
            .Select(entry => (entry!["event"] as JsonObject)?["id"]?.GetValue<string>())
            .OfType<string>();
    }

    public byte[] Shuffle(Random random)
    {
        var entries = Entries.Select(entry => entry!.DeepClone()).ToArray();
        random.Shuffle(entries);
        var shuffled = (JsonObject)_envelope.DeepClone();
        shuffled["entries"] = new JsonArray(entries);
        return JsonSerializer.SerializeToUtf8Bytes(shuffled);
    }
}
