using System.Globalization;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>What a sidecar sees in a record before it hands it to the app.</summary>
internal static class EventRecord
{
    /// <summary>Gets the metadata that go with a delivery; on Kafka the place of the record, overridden by its own headers.</summary>
    /// <returns>In alphabetical order.</returns>
    public static List<KeyValuePair<string, string>> MetadataOf(Record record, PubSub pubSub, string topic)
    {
        var metadata = new List<KeyValuePair<string, string>>(record.Headers.Count + 5);
        if (pubSub.IsKafka)
        {
            Add(metadata, record, "__key", record.Key);
            Add(metadata, record, "__offset", record.Offset.ToString(CultureInfo.InvariantCulture));
            Add(metadata, record, "__partition", record.Partition.Number.ToString(CultureInfo.InvariantCulture));
            Add(metadata, record, "__timestamp", record.Timestamp.ToString(CultureInfo.InvariantCulture));
            Add(metadata, record, "__topic", topic);
        }

        metadata.AddRange(record.Headers);
        metadata.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        return metadata;
    }

    /// <summary>Tells whether the record is a JSON object, without reading what is in it.</summary>
    public static bool IsObject(Record record)
    {
        try
        {
            var reader = new Utf8JsonReader(record.Value, new JsonReaderOptions { MaxDepth = 10_000 });
            return reader.Read()
                && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.Null
                && reader.TrySkip()
                && !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Tells whether all numbers are whole and so small that reading them as doubles and writing them again changes nothing.</summary>
    public static bool HasPlainNumbers(Record record)
    {
        const int SafeDigits = 15;
        var reader = new Utf8JsonReader(record.Value, new JsonReaderOptions { MaxDepth = 10_000 });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number
                && (reader.ValueSpan.Length > SafeDigits || reader.ValueSpan.ContainsAnyExceptInRange((byte)'0', (byte)'9')))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Gets the trace that the envelope carries, else one of zeros, which the runtime sends too.</summary>
    public static string TraceOf(byte[] envelope)
    {
        using var document = JsonDocument.Parse(envelope, new JsonDocumentOptions { MaxDepth = 10_000 });
        return document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("traceparent", out var trace)
            && trace.ValueKind == JsonValueKind.String
            && trace.GetString() is { Length: > 0 } set
                ? set
                : "00-00000000000000000000000000000000-0000000000000000-00";
    }

    private static void Add(List<KeyValuePair<string, string>> metadata, Record record, string name, string? value)
    {
        foreach (var header in record.Headers)
        {
            if (header.Key == name)
            {
                return;
            }
        }

        if (value is not null)
        {
            metadata.Add(KeyValuePair.Create(name, value));
        }
    }

    /// <summary>Reads the record as an event; null when it is no JSON object.</summary>
    public static JsonDocument? Parse(Record record)
    {
        try
        {
            var document = JsonDocument.Parse(record.Value, new JsonDocumentOptions { MaxDepth = 10_000 });
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
}
