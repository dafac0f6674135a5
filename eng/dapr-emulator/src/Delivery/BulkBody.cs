using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Writes the body of a bulk delivery.</summary>
internal static class BulkBody
{
    private const int TypicalEntryBytes = 512;

    /// <param name="Event">The event as the app receives it. For a raw subscription, the bytes of the record.</param>
    internal readonly record struct Entry(string Id, Record Record, ReadOnlyMemory<byte> Event);

    /// <summary>Writes the body into a buffer that the caller disposes.</summary>
    public static PooledBuffer Write(Subscription subscription, Guid id, List<Entry> entries)
    {
        var output = new PooledBuffer(entries.Sum(entry => entry.Event.Length + TypicalEntryBytes) + TypicalEntryBytes);
        using var json = new Utf8JsonWriter(output, JsonText.WriterOptions);
        json.WriteStartObject();
        json.WriteStartArray("entries"u8);
        foreach (var entry in entries)
        {
            WriteEntry(json, subscription, entry);
        }

        json.WriteEndArray();
        json.WriteString("id"u8, id);
        json.WriteStartObject("metadata"u8);
        json.WriteString("pubsubName"u8, subscription.PubSub.Name);
        json.WriteEndObject();
        json.WriteString("pubsubname"u8, subscription.PubSub.Name);
        json.WriteString("topic"u8, subscription.Spec.Topic);
        json.WriteString("type"u8, "com.dapr.event.sent.bulk"u8);
        json.WriteEndObject();
        return output;
    }

    private static void WriteEntry(Utf8JsonWriter json, Subscription subscription, Entry entry)
    {
        json.WriteStartObject();
        json.WriteString("entryId"u8, entry.Id);
        if (subscription.Spec.IsRaw)
        {
            json.WriteBase64String("event"u8, entry.Event.Span);
        }
        else
        {
            json.WritePropertyName("event"u8);
            json.WriteRawValue(entry.Event.Span, skipInputValidation: true);
        }

        json.WriteStartObject("metadata"u8);
        foreach (var (name, value) in EventRecord.MetadataOf(entry.Record, subscription.PubSub, subscription.Spec.Topic))
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteString("contentType"u8, subscription.Spec.IsRaw ? "application/octet-stream" : CloudEventEnvelope.ContentType);
        json.WriteEndObject();
    }
}
