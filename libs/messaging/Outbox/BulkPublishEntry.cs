using System.Buffers;
using System.Text.Json;

namespace DaprOrders.Messaging;

/// <summary>An event as it stands in the body of a bulk publish. A dead letter that could not be published is kept in this form.</summary>
internal static class BulkPublishEntry
{
    private const string Key = "partitionKey";
    private const string TraceParent = "cloudevent.traceparent";

    public static void Write(Utf8JsonWriter json, OutboxRow row)
    {
        json.WriteStartObject();
        json.WriteString("entryId", row.Id);
        json.WritePropertyName("event");
        json.WriteRawValue(row.Data, skipInputValidation: true); // PostgreSQL has checked it: the column is json
        json.WriteString("contentType", "application/json");
        json.WriteStartObject("metadata");
        json.WriteString("cloudevent.id", row.Id);
        json.WriteString("cloudevent.type", row.Topic);
        json.WriteString(Key, row.Key);
        if (row.TraceParent is not null)
        {
            json.WriteString(TraceParent, row.TraceParent);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static byte[] ToBytes(OutboxRow row)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        Write(json, row);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Makes the outbox row again of which <paramref name="letter"/> was made.</summary>
    public static OutboxMessage ToMessage(DeadLetter letter)
    {
        var entry = JsonSerializer.Deserialize<JsonElement>(letter.Event);
        var metadata = entry.GetProperty("metadata");
        return new OutboxMessage
        {
            Id = entry.GetProperty("entryId").GetGuid(),
            Topic = letter.Topic,
            Key = metadata.GetProperty(Key).GetString()!,
            Data = entry.GetProperty("event").GetRawText(),
            TraceParent = metadata.TryGetProperty(TraceParent, out var traceParent) ? traceParent.GetString() : null,
        };
    }
}
