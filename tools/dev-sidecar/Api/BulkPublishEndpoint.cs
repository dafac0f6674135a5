using System.Text;
using System.Text.Json;
using DaprOrders.DevSidecar.Hosting;
using DaprOrders.DevSidecar.Publishing;

namespace DaprOrders.DevSidecar.Api;

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

        if (await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted) is not { } body)
        {
            await http.AnswerAsync(ApiError.NoBulkRequest(name, topicName, sidecar.AppId, "stream too large"));
            return;
        }

        var (entries, error) = Read(body, name, topicName, PublishEndpoint.QueryMetadata(http.Request));
        error ??= publisher.CheckBulk(name, topicName);
        if (error is not null)
        {
            await http.AnswerAsync(error);
            return;
        }

        IReadOnlyList<FailedEntry> failed;
        try
        {
            failed = await publisher.PublishBulkAsync(name, topicName, entries);
        }
        catch (JsonException)
        {
            await http.AnswerAsync(ApiError.NoCloudEvent(name, sidecar.AppId));
            return;
        }

        await (failed.Count == 0 ? http.AnswerEmptyAsync() : AnswerAsync(http, name, topicName, failed));
    }

    private (List<BulkEntry> Entries, ApiError? Error) Read(
        byte[] body, string pubSub, string topic, IReadOnlyList<KeyValuePair<string, string>> requestMetadata)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return ([], ApiError.NoBulkRequest(pubSub, topic, sidecar.AppId, "unexpected EOF"));
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Array)
            {
                var kind = KindOf(document.RootElement);
                return ([], ApiError.NoBulkRequest(
                    pubSub, topic, sidecar.AppId, $"json: cannot unmarshal {kind} into Go value of type []http.bulkPublishMessageEntry"));
            }

            var entries = new List<BulkEntry>(document.RootElement.GetArrayLength());
            var ids = new HashSet<string>();
            foreach (var element in document.RootElement.EnumerateArray())
            {
                var (entry, mismatch) = ReadEntry(element, requestMetadata);
                if (mismatch is not null)
                {
                    return ([], ApiError.NoEnvelope(pubSub, topic, sidecar.AppId, mismatch));
                }

                if (entry is null || entry.EntryId.Length == 0 || !ids.Add(entry.EntryId))
                {
                    return ([], ApiError.NoEvents(pubSub, topic, sidecar.AppId, "entryId is duplicated or not present for entry"));
                }

                entries.Add(entry);
            }

            return (entries, null);
        }
    }

    private static (BulkEntry? Entry, string? Error) ReadEntry(JsonElement element, IReadOnlyList<KeyValuePair<string, string>> requestMetadata)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return (null, null);
        }

        var contentType = Text(element, "contentType");
        if (Data(element, contentType) is not { } data)
        {
            return (null, $"mismatch between contentType and event: {contentType}");
        }

        return (new BulkEntry(Text(element, "entryId"), new Publication(data, contentType, Metadata(element, requestMetadata), NewTrace(), "")), null);
    }

    private static byte[]? Data(JsonElement element, string contentType)
    {
        if (!element.TryGetProperty("event", out var value))
        {
            return "null"u8.ToArray();
        }

        var mediaType = contentType.Split(';')[0].Trim().ToLowerInvariant();
        if (mediaType == "application/octet-stream")
        {
            return value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out var bytes) ? bytes : null;
        }

        if (mediaType is "application/xml" || mediaType.StartsWith("text/", StringComparison.Ordinal))
        {
            return value.ValueKind == JsonValueKind.String ? Encoding.UTF8.GetBytes(value.GetString()!) : null;
        }

        return System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value).ToArray();
    }

    // Metadata of the request reach only entries that have some of their own; then they win.
    private static List<KeyValuePair<string, string>> Metadata(
        JsonElement element, IReadOnlyList<KeyValuePair<string, string>> requestMetadata)
    {
        var metadata = new List<KeyValuePair<string, string>>();
        if (!element.TryGetProperty("metadata", out var own) || own.ValueKind != JsonValueKind.Object)
        {
            return metadata;
        }

        foreach (var entry in own.EnumerateObject())
        {
            if (entry.Value.ValueKind == JsonValueKind.String)
            {
                metadata.Add(KeyValuePair.Create(entry.Name, entry.Value.GetString()!));
            }
        }

        foreach (var (key, value) in requestMetadata)
        {
            metadata.RemoveAll(entry => entry.Key == key);
            metadata.Add(KeyValuePair.Create(key, value));
        }

        return metadata;
    }

    private static Task AnswerAsync(HttpContext http, string pubSub, string topic, IReadOnlyList<FailedEntry> failed)
    {
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
            + $"error when publishing to topic {topic} in pubsub {pubSub}: kafka: Failed to deliver {failed.Count} messages.";
        return http.AnswerJsonAsync(StatusCodes.Status500InternalServerError, json);
    }

    // The runtime starts a trace for each entry of a bulk publish, also where it samples none.
    private static string NewTrace() =>
        $"00-{System.Diagnostics.ActivityTraceId.CreateRandom()}-{System.Diagnostics.ActivitySpanId.CreateRandom()}-00";

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string KindOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "bool",
        _ => "value",
    };
}
