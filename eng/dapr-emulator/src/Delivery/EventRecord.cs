using System.Globalization;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Reads the event, the metadata and the trace of a record.</summary>
internal static class EventRecord
{
    /// <summary>Reads the event in a record. Like Dapr, it reads numbers as doubles.</summary>
    /// <returns>The event for a bulk delivery, or null if the record is not a JSON object or has a number beyond a double.</returns>
    public static ReadOnlyMemory<byte>? Read(Record record)
    {
        try
        {
            var text = JsonText.Read(record.Value, asDoubles: true);
            return text.Span[0] is (byte)'{' or (byte)'n' ? text : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Returns the metadata of a delivery: the headers of the record and, on Kafka, its key, topic, partition, offset and time. Headers take precedence.</summary>
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
        return metadata;
    }

    /// <summary>Returns the trace in an event. If there is none, returns a trace of zeros, as Dapr does.</summary>
    public static string TraceOf(byte[] envelope)
    {
        using var document = JsonDocument.Parse(envelope, JsonText.DocumentOptions);
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
}
