using System.Globalization;
using System.Text.Json;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>What a publisher handed in, before it becomes a CloudEvent.</summary>
/// <param name="ContentType">Empty when there was none.</param>
/// <param name="Metadata">From the query, the entry, or the gRPC request.</param>
internal sealed record Publication(
    ReadOnlyMemory<byte> Data,
    string ContentType,
    IReadOnlyList<KeyValuePair<string, string>> Metadata,
    string TraceParent,
    string TraceState)
{
    /// <summary>Finds a setting whose name is written exactly so.</summary>
    public string? Exact(string name) => Metadata.FirstOrDefault(entry => entry.Key == name).Value;

    /// <summary>Finds a setting whatever the case of its name.</summary>
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

/// <summary>Wraps data into CloudEvents and completes those that came as CloudEvents, keys in alphabetical order.</summary>
internal sealed class CloudEventEnvelope(string appId, TimeProvider time)
{
    public const string ContentType = "application/cloudevents+json";

    /// <exception cref="JsonException">It says that it is a CloudEvent and is no JSON object.</exception>
    public byte[] Create(PubSub pubSub, string topic, Publication publication)
    {
        using var output = new JsonBuffer(publication.Data.Length + 384);
        if (MediaTypeOf(publication.ContentType).Equals(ContentType, StringComparison.OrdinalIgnoreCase))
        {
            Complete(output, pubSub, topic, publication);
        }
        else
        {
            Wrap(output, pubSub, topic, publication);
        }

        return output.WrittenSpan.ToArray();
    }

    private void Wrap(JsonBuffer output, PubSub pubSub, string topic, Publication publication)
    {
        var trace = publication.Setting("cloudevent.traceparent") is { Length: > 0 } parent
            ? parent
            : publication.Setting("cloudevent.traceid") ?? publication.TraceParent;
        output.Write("{"u8);
        WriteData(output, publication);
        var first = false;
        WriteText(output, "datacontenttype", publication.ContentType is "" ? "text/plain" : publication.ContentType, ref first);
        WriteText(output, "id", Named(publication, "cloudevent.id") ?? Guid.NewGuid().ToString(), ref first);
        WriteText(output, "pubsubname", pubSub.Name, ref first);
        WriteText(output, "source", publication.Setting("cloudevent.source") is { } source ? source is "" ? "Dapr" : source : appId, ref first);
        WriteText(output, "specversion", "1.0", ref first);
        if (publication.Setting("cloudevent.subject") is { Length: > 0 } subject)
        {
            WriteText(output, "subject", subject, ref first);
        }

        WriteText(output, "time", Now(), ref first);
        WriteText(output, "topic", topic, ref first);
        WriteText(output, "traceid", trace, ref first);
        WriteText(output, "traceparent", trace, ref first);
        WriteText(output, "tracestate", publication.Setting("cloudevent.tracestate") ?? publication.TraceState, ref first);
        WriteText(output, "type", Named(publication, "cloudevent.type") ?? "com.dapr.event.sent", ref first);
        output.Write("}"u8);
    }

    private static string? Named(Publication publication, string setting) =>
        publication.Setting(setting) is { Length: > 0 } value ? value : null;

    private static void WriteData(JsonBuffer output, Publication publication)
    {
        var first = true;
        var mediaType = MediaTypeOf(publication.ContentType);
        if (mediaType.Equals("application/octet-stream", StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("application/cloudevents+protobuf", StringComparison.OrdinalIgnoreCase))
        {
            GoJson.WriteName(output, "data_base64", ref first);
            GoJson.WriteString(output, Convert.ToBase64String(publication.Data.Span));
            return;
        }

        GoJson.WriteName(output, "data", ref first);
        if (mediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) && TryReadFirst(publication.Data) is { } json)
        {
            using (json)
            {
                GoJson.Write(output, json.RootElement);
            }

            return;
        }

        GoJson.WriteString(output, publication.Data.Span);
    }

    // What is no JSON goes out as text.
    private static JsonDocument? TryReadFirst(ReadOnlyMemory<byte> data)
    {
        try
        {
            return GoJson.ReadFirst(data.Span);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Complete(JsonBuffer output, PubSub pubSub, string topic, Publication publication)
    {
        using var document = GoJson.ReadFirst(publication.Data.Span);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException(
                $"json: cannot unmarshal {GoJson.KindOf(document.RootElement)} into Go value of type map[string]interface {{}}");
        }

        var attributes = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var attribute in document.RootElement.EnumerateObject())
        {
            attributes[GoJson.NameOf(attribute)] = attribute.Value;
        }

        // No id: the runtime does not add one either.
        attributes["topic"] = topic;
        attributes["pubsubname"] = pubSub.Name;
        SetUnlessSet(attributes, "specversion", "1.0");
        SetUnlessSet(attributes, "type", "com.dapr.event.sent");
        SetUnlessSet(attributes, "source", "Dapr");
        attributes.TryAdd("time", Now());
        if (attributes.TryAdd("traceid", publication.TraceParent))
        {
            attributes["traceparent"] = publication.TraceParent;
        }

        attributes.TryAdd("tracestate", publication.TraceState);
        output.Write("{"u8);
        var first = true;
        foreach (var (name, value) in attributes)
        {
            GoJson.WriteName(output, name, ref first);
            if (value is JsonElement element)
            {
                GoJson.Write(output, element);
            }
            else
            {
                GoJson.WriteString(output, (string)value);
            }
        }

        output.Write("}"u8);
    }

    private static void SetUnlessSet(SortedDictionary<string, object> attributes, string name, string value)
    {
        if (!attributes.TryGetValue(name, out var set) || set is JsonElement { ValueKind: JsonValueKind.Null })
        {
            attributes[name] = value;
        }
    }

    private string Now()
    {
        var now = time.GetLocalNow();
        return now.Offset == TimeSpan.Zero
            ? now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
            : now.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);
    }

    private static ReadOnlySpan<char> MediaTypeOf(string contentType)
    {
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? contentType : contentType.AsSpan(0, end)).Trim();
    }

    private static void WriteText(JsonBuffer output, string name, string value, ref bool first)
    {
        GoJson.WriteName(output, name, ref first);
        GoJson.WriteString(output, value);
    }
}
