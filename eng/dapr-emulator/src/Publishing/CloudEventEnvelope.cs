using System.Globalization;
using System.Text;
using System.Text.Json;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>The data that an app publishes, before it is wrapped into a CloudEvent.</summary>
/// <param name="ContentType">The content type, or an empty string.</param>
/// <param name="Metadata">The metadata from the query string or from the entry of a bulk publish.</param>
internal sealed record Publication(
    ReadOnlyMemory<byte> Data,
    string ContentType,
    IReadOnlyList<KeyValuePair<string, string>> Metadata,
    string TraceParent,
    string TraceState)
{
    /// <summary>Returns the metadata value with this name, or null. The name is case-insensitive.</summary>
    public string? Setting(string name)
    {
        foreach (var (key, value) in Metadata)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        return null;
    }
}

/// <summary>Wraps data into a CloudEvent. If the data already is one, adds missing attributes.</summary>
internal sealed class CloudEventEnvelope(string appId, TimeProvider time)
{
    public const string ContentType = "application/cloudevents+json";

    private const string DefaultType = "com.dapr.event.sent";
    private const int TypicalAttributeBytes = 384;

    /// <exception cref="JsonException">The content type is CloudEvent, but the data is not a JSON object.</exception>
    public byte[] Create(PubSub pubSub, string topic, Publication publication)
    {
        using var output = new PooledBuffer(publication.Data.Length + TypicalAttributeBytes);
        using (var json = new Utf8JsonWriter(output, JsonText.WriterOptions))
        {
            json.WriteStartObject();
            if (HasType(publication, ContentType))
            {
                AddMissingAttributes(json, pubSub, topic, publication);
            }
            else
            {
                Wrap(json, pubSub, topic, publication);
            }

            json.WriteEndObject();
        }

        return output.Written.ToArray();
    }

    private void Wrap(Utf8JsonWriter json, PubSub pubSub, string topic, Publication publication)
    {
        var trace = NotEmpty(publication, "cloudevent.traceparent") ?? publication.Setting("cloudevent.traceid") ?? publication.TraceParent;
        WriteData(json, publication);
        json.WriteString("datacontenttype"u8, publication.ContentType is "" ? "text/plain" : publication.ContentType);
        json.WriteString("id"u8, NotEmpty(publication, "cloudevent.id") ?? Guid.NewGuid().ToString());
        json.WriteString("pubsubname"u8, pubSub.Name);
        json.WriteString("source"u8, publication.Setting("cloudevent.source") is { } source ? source is "" ? "Dapr" : source : appId);
        json.WriteString("specversion"u8, "1.0"u8);
        if (NotEmpty(publication, "cloudevent.subject") is { } subject)
        {
            json.WriteString("subject"u8, subject);
        }

        json.WriteString("time"u8, Now());
        json.WriteString("topic"u8, topic);
        json.WriteString("traceid"u8, trace);
        json.WriteString("traceparent"u8, trace);
        json.WriteString("tracestate"u8, publication.Setting("cloudevent.tracestate") ?? publication.TraceState);
        json.WriteString("type"u8, NotEmpty(publication, "cloudevent.type") ?? DefaultType);
    }

    private static void WriteData(Utf8JsonWriter json, Publication publication)
    {
        if (HasType(publication, "application/octet-stream") || HasType(publication, "application/cloudevents+protobuf"))
        {
            json.WriteBase64String("data_base64"u8, publication.Data.Span);
            return;
        }

        json.WritePropertyName("data"u8);
        if (HasType(publication, "application/json"))
        {
            try
            {
                json.WriteRawValue(JsonText.ReadFirst(publication.Data).Span, skipInputValidation: true);
                return;
            }
            catch (JsonException)
            {
                // As on Dapr, data that is not JSON is published as text.
            }
        }

        json.WriteStringValue(Encoding.UTF8.GetString(publication.Data.Span));
    }

    private void AddMissingAttributes(Utf8JsonWriter json, PubSub pubSub, string topic, Publication publication)
    {
        using var document = JsonDocument.Parse(JsonText.ReadFirst(publication.Data), JsonText.DocumentOptions);
        var published = document.RootElement;
        if (published.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("json: cannot unmarshal a value that is not an object");
        }

        // As on Dapr, no id is added.
        var attributes = new Dictionary<string, string> { ["topic"] = topic, ["pubsubname"] = pubSub.Name };
        void AddUnlessSet(string name, string value, bool replaceNull = false)
        {
            if (!published.TryGetProperty(name, out var set) || (replaceNull && set.ValueKind == JsonValueKind.Null))
            {
                attributes.Add(name, value);
            }
        }

        AddUnlessSet("specversion", "1.0", replaceNull: true);
        AddUnlessSet("type", DefaultType, replaceNull: true);
        AddUnlessSet("source", "Dapr", replaceNull: true);
        AddUnlessSet("time", Now());
        AddUnlessSet("traceid", publication.TraceParent);
        AddUnlessSet("tracestate", publication.TraceState);
        if (attributes.ContainsKey("traceid"))
        {
            attributes["traceparent"] = publication.TraceParent;
        }

        foreach (var attribute in published.EnumerateObject())
        {
            if (!attributes.ContainsKey(attribute.Name))
            {
                attribute.WriteTo(json);
            }
        }

        foreach (var (name, value) in attributes)
        {
            json.WriteString(name, value);
        }
    }

    private static string? NotEmpty(Publication publication, string setting) =>
        publication.Setting(setting) is { Length: > 0 } value ? value : null;

    private string Now()
    {
        var now = time.GetLocalNow();
        return now.ToString(now.Offset == TimeSpan.Zero ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
    }

    // Ignores parameters of the content type, such as charset.
    private static bool HasType(Publication publication, string mediaType)
    {
        var end = publication.ContentType.IndexOf(';', StringComparison.Ordinal);
        return publication.ContentType.AsSpan(0, end < 0 ? publication.ContentType.Length : end).Trim().Equals(mediaType, StringComparison.OrdinalIgnoreCase);
    }
}
