using System.Text;
using System.Text.Json;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Api;

internal sealed class BulkPublishEndpoint(SidecarState sidecar, Publisher publisher)
{
    public async Task HandleAsync(HttpContext http, string pubSub, string topic)
    {
        if (RequestPath.Decode(pubSub) is not { } name || RequestPath.Decode(topic) is not { } topicName)
        {
            await http.AnswerTextAsync(StatusCodes.Status400BadRequest, "failed to unescape request parameter\n");
            return;
        }

        if (!sidecar.PubSubs.ContainsKey(name))
        {
            await http.AnswerAsync(ApiError.PubSubNotFound(name));
            return;
        }

        var metadata = PublishEndpoint.QueryMetadata(http.Request);
        if (Publisher.CheckRaw(name, metadata) is { } bad)
        {
            await http.AnswerAsync(bad);
            return;
        }

        if (await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted) is not { } body)
        {
            await http.AnswerAsync(ApiError.NoBulkRequest(name, topicName, sidecar.AppId, "stream too large"));
            return;
        }

        var (entries, error) = Read(body, name, topicName, metadata);
        error ??= publisher.CheckBulk(name, topicName);
        if (error is not null)
        {
            await http.AnswerAsync(error);
            return;
        }

        BulkFailure? failure;
        try
        {
            failure = await publisher.PublishBulkAsync(name, topicName, entries, metadata);
        }
        catch (JsonException broken)
        {
            await http.AnswerAsync(ApiError.NoCloudEvent(name, sidecar.AppId, broken.Message));
            return;
        }

        await (failure is null ? http.AnswerEmptyAsync() : AnswerAsync(http, name, topicName, failure));
    }

    private (List<BulkEntry> Entries, ApiError? Error) Read(
        byte[] body, string pubSub, string topic, IReadOnlyList<KeyValuePair<string, string>> requestMetadata)
    {
        try
        {
            using var document = GoJson.ReadFirst(body);
            if (document.RootElement.ValueKind == JsonValueKind.Null)
            {
                return ([], null);
            }

            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                throw Mismatch(document.RootElement, "[]http.bulkPublishMessageEntry");
            }

            // All of it is read before any of it is looked at.
            var parts = document.RootElement.EnumerateArray().Select(Parts).ToList();
            var entries = new List<BulkEntry>(parts.Count);
            var ids = new HashSet<string>();
            foreach (var part in parts)
            {
                var (data, error) = Data(part.Event, part.ContentType);
                if (data is null)
                {
                    return ([], ApiError.NoEnvelope(pubSub, topic, sidecar.AppId, error));
                }

                if (part.EntryId.Length == 0 || !ids.Add(part.EntryId))
                {
                    return ([], ApiError.NoEvents(pubSub, topic, sidecar.AppId, "entryId is duplicated or not present for entry"));
                }

                entries.Add(new BulkEntry(
                    part.EntryId, new Publication(data, part.ContentType, Merge(part.Metadata, requestMetadata), NewTrace(), "")));
            }

            return (entries, null);
        }
        catch (JsonException failure)
        {
            return ([], ApiError.NoBulkRequest(pubSub, topic, sidecar.AppId, failure.Message));
        }
    }

    private static Entry Parts(JsonElement element)
    {
        var entry = new Entry("", null, "", null);
        if (element.ValueKind == JsonValueKind.Null)
        {
            return entry;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Mismatch(element, "http.bulkPublishMessageEntry");
        }

        // Names are read without case, and of two the last counts.
        foreach (var property in element.EnumerateObject())
        {
            entry = GoJson.NameOf(property).ToLowerInvariant() switch
            {
                "entryid" => entry with { EntryId = Text(property.Value, "entryId") },
                "event" => entry with { Event = property.Value },
                "contenttype" => entry with { ContentType = Text(property.Value, "contentType") },
                "metadata" => entry with { Metadata = Texts(property.Value) },
                _ => entry,
            };
        }

        return entry;
    }

    private static string Text(JsonElement value, string field) => value.ValueKind switch
    {
        JsonValueKind.String => GoJson.TextOf(value),
        JsonValueKind.Null => "",
        _ => throw new JsonException(
            $"json: cannot unmarshal {GoJson.KindOf(value)} into Go struct field bulkPublishMessageEntry.{field} of type string"),
    };

    private static List<KeyValuePair<string, string>>? Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.Object =>
            [.. value.EnumerateObject().Select(entry => KeyValuePair.Create(GoJson.NameOf(entry), Text(entry.Value, "metadata")))],
        _ => throw Mismatch(value, "map[string]string"),
    };

    private static JsonException Mismatch(JsonElement value, string type) =>
        new($"json: cannot unmarshal {GoJson.KindOf(value)} into Go value of type {type}");

    private static (byte[]? Data, string Error) Data(JsonElement? value, string contentType)
    {
        const string NoMatch = "error: mismatch between contentType and event";
        var end = contentType.IndexOf(';', StringComparison.Ordinal);
        var mediaType = (end < 0 ? contentType : contentType[..end]).Trim().ToLowerInvariant();
        var text = value is { ValueKind: JsonValueKind.String } set ? GoJson.TextOf(set) : null;
        if (mediaType == "application/octet-stream")
        {
            if (text is null)
            {
                return (null, NoMatch);
            }

            return value!.Value.TryGetBytesFromBase64(out var bytes)
                ? (bytes, "")
                : (null, "error: unable to decode base64 application/octect-stream data: illegal base64 data at input byte 0");
        }

        if (mediaType == "application/xml" || mediaType.StartsWith("text/", StringComparison.Ordinal))
        {
            return text is null ? (null, NoMatch) : (Encoding.UTF8.GetBytes(text), "");
        }

        if (mediaType is not ("application/json" or CloudEventEnvelope.ContentType))
        {
            return (null, NoMatch);
        }

        using var output = new JsonBuffer(256);
        if (value is { } json)
        {
            // Read into any type and written again: sorted, and numbers are doubles.
            GoJson.Write(output, json, floats: true);
        }
        else
        {
            output.Write("null"u8);
        }

        return (output.WrittenSpan.ToArray(), "");
    }

    // Metadata of the request reach only entries that have some of their own, which win.
    private static List<KeyValuePair<string, string>> Merge(
        List<KeyValuePair<string, string>>? own, IReadOnlyList<KeyValuePair<string, string>> requestMetadata) => own is null
        ? []
        : [.. own, .. requestMetadata.Where(entry => own.All(other => other.Key != entry.Key))];

    private static Task AnswerAsync(HttpContext http, string pubSub, string topic, BulkFailure failure)
    {
        var failed = failure.Entries;
        using var output = new JsonBuffer(256);
        output.Write("{\"failedEntries\":["u8);
        for (var i = 0; i < failed.Count; i++)
        {
            output.Write(i == 0 ? "{"u8 : ",{"u8);
            var first = true;
            GoJson.WriteName(output, "entryId", ref first);
            GoJson.WriteString(output, failed[i].EntryId);
            GoJson.WriteName(output, "error", ref first);
            GoJson.WriteString(output, failed[i].Error);
            output.Write("}"u8);
        }

        output.Write("],\"errorCode\":\"ERR_PUBSUB_PUBLISH_MESSAGE\"}"u8);
        var json = output.WrittenSpan.ToArray();
        if (Ascii.IsValid(json))
        {
            // A header can't carry the rest of Unicode.
            http.Response.Headers["Metadata.responsedata"] = Encoding.ASCII.GetString(json);
        }

        http.Response.Headers["Metadata.error"] = "api error: code = Internal desc = "
            + $"error when publishing to topic {topic} in pubsub {pubSub}: {failure.Error}";
        return http.AnswerJsonAsync(StatusCodes.Status500InternalServerError, json);
    }

    // The runtime starts a trace for each entry of a bulk publish, also where it samples none.
    private static string NewTrace() =>
        $"00-{System.Diagnostics.ActivityTraceId.CreateRandom()}-{System.Diagnostics.ActivitySpanId.CreateRandom()}-00";

    private sealed record Entry(string EntryId, JsonElement? Event, string ContentType, List<KeyValuePair<string, string>>? Metadata);
}
