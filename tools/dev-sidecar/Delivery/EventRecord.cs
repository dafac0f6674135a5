using System.Globalization;
using System.Text.Json;
using DaprOrders.DevSidecar.Broker;
using DaprOrders.DevSidecar.Publishing;

namespace DaprOrders.DevSidecar.Delivery;

/// <summary>What a sidecar sees in a record before it hands it to the app.</summary>
internal static class EventRecord
{
    /// <summary>Gets the metadata that go with a delivery; on Kafka the place of the record, overridden by its own headers.</summary>
    public static SortedDictionary<string, string> MetadataOf(Record record, PubSub pubSub, string topic)
    {
        var metadata = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (pubSub.IsKafka)
        {
            if (record.Key is not null)
            {
                metadata["__key"] = record.Key;
            }

            metadata["__topic"] = topic;
            metadata["__partition"] = record.Partition.Number.ToString(CultureInfo.InvariantCulture);
            metadata["__offset"] = record.Offset.ToString(CultureInfo.InvariantCulture);
            metadata["__timestamp"] = record.Timestamp.ToString(CultureInfo.InvariantCulture);
        }

        foreach (var (name, value) in record.Headers)
        {
            metadata[name] = value;
        }

        return metadata;
    }

    /// <summary>Reads the record as an event; null when it is no JSON object.</summary>
    public static JsonDocument? Parse(Record record)
    {
        try
        {
            var document = JsonDocument.Parse(record.Value);
            if (document.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static bool HasExpired(JsonElement envelope, DateTimeOffset now) =>
        envelope.ValueKind == JsonValueKind.Object
        && envelope.TryGetProperty("expiration", out var expiration)
        && expiration.ValueKind == JsonValueKind.String
        && DateTimeOffset.TryParse(expiration.GetString(), CultureInfo.InvariantCulture, out var end)
        && end < now;
}
