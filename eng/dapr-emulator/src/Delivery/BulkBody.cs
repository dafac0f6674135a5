using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>The body of a bulk delivery.</summary>
internal static class BulkBody
{
    internal readonly record struct Entry(string Id, Record Record);

    /// <summary>Writes it into a buffer that the caller gives back.</summary>
    public static JsonBuffer Write(Subscription subscription, Guid id, List<Entry> entries)
    {
        var output = new JsonBuffer(512 + entries.Sum(entry => entry.Record.Value.Length + 512));
        output.Write("{\"entries\":["u8);
        var first = true;
        foreach (var entry in entries)
        {
            output.Write(first ? "{"u8 : ",{"u8);
            first = false;
            WriteEntry(output, subscription, entry);
        }

        output.Write("],"u8);
        first = true;
        WriteText(output, "id", id.ToString(), ref first);
        GoJson.WriteName(output, "metadata", ref first);
        output.Write("{"u8);
        first = true;
        WriteText(output, "pubsubName", subscription.PubSub.Name, ref first);
        output.Write("}"u8);
        WriteText(output, "pubsubname", subscription.PubSub.Name, ref first);
        WriteText(output, "topic", subscription.Spec.Topic, ref first);
        WriteText(output, "type", "com.dapr.event.sent.bulk", ref first);
        output.Write("}"u8);
        return output;
    }

    private static void WriteEntry(JsonBuffer output, Subscription subscription, Entry entry)
    {
        var first = true;
        WriteText(output, "entryId", entry.Id, ref first);
        GoJson.WriteName(output, "event", ref first);
        WriteEvent(output, subscription, entry.Record);
        GoJson.WriteName(output, "metadata", ref first);
        output.Write("{"u8);
        first = true;
        foreach (var (name, value) in EventRecord.MetadataOf(entry.Record, subscription.PubSub, subscription.Spec.Topic))
        {
            WriteText(output, name, value, ref first);
        }

        output.Write("}"u8);
        first = false;
        WriteText(output, "contentType", subscription.Spec.IsRaw ? "application/octet-stream" : CloudEventEnvelope.ContentType, ref first);
        output.Write("}"u8);
    }

    private static void WriteEvent(JsonBuffer output, Subscription subscription, Record record)
    {
        if (subscription.Spec.IsRaw)
        {
            GoJson.WriteString(output, Convert.ToBase64String(record.Value));
            return;
        }

        // What is in the runtime's form already goes out as it is; the rest is brought into it.
        if (!record.Headers.Any(header => header.Key == "rawPayload") && EventRecord.HasPlainNumbers(record))
        {
            output.Write(record.Value);
            return;
        }

        using var document = GoJson.ReadFirst(record.Value);
        GoJson.Write(output, document.RootElement, floats: true);
    }

    private static void WriteText(JsonBuffer output, string name, string value, ref bool first)
    {
        GoJson.WriteName(output, name, ref first);
        GoJson.WriteString(output, value);
    }
}
