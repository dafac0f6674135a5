using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using DaprOrders.DaprEmulator.Json;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Api;

internal sealed class BulkPublishEndpoint(SidecarState sidecar, Publisher publisher)
{
    public async Task HandleAsync(HttpContext http, string pubSub, string topic)
    {
        var metadata = PublishEndpoint.QueryMetadata(http.Request);
        var error = publisher.Validate(pubSub, metadata);
        List<BulkEntry> entries = [];
        if (error is null)
        {
            var body = await HttpBody.ReadAsync(http.Request, sidecar.Spec.MaxBodyBytes, http.RequestAborted);
            error = body is null
                ? ApiError.InvalidBulkRequest(pubSub, topic, sidecar.AppId, "stream too large")
                : Read(body, pubSub, topic, metadata, entries) ?? publisher.ValidateTopic(pubSub, topic);
        }

        if (error is not null)
        {
            await error.WriteAsync(http);
            return;
        }

        try
        {
            var failure = await publisher.PublishBulkAsync(pubSub, topic, entries, metadata);
            await (failure is null ? http.WriteNoContentAsync() : WriteFailureAsync(http, pubSub, topic, failure));
        }
        catch (JsonException exception)
        {
            await ApiError.CloudEventCreationFailed(pubSub, sidecar.AppId, exception.Message).WriteAsync(http);
        }
    }

    private ApiError? Read(
        byte[] body, string pubSub, string topic, IReadOnlyList<KeyValuePair<string, string>> requestMetadata, List<BulkEntry> entries)
    {
        List<Entry?> items;
        try
        {
            items = JsonSerializer.Deserialize<List<Entry?>>(JsonText.ReadFirst(body, asDoubles: true).Span, JsonText.SerializerOptions) ?? [];
        }
        catch (JsonException failure)
        {
            var error = failure.Path is null ? failure.Message : $"json: cannot unmarshal {failure.Path} of the bulk request";
            return ApiError.InvalidBulkRequest(pubSub, topic, sidecar.AppId, error);
        }

        var ids = new HashSet<string>();
        foreach (var entry in items.Select(entry => entry ?? new Entry(null, null, null, null)))
        {
            var contentType = entry.ContentType ?? "";
            var (data, error) = Data(entry.Event, contentType);
            if (data is null)
            {
                return ApiError.EnvelopeFailed(pubSub, topic, sidecar.AppId, error);
            }

            if (entry.EntryId is not { Length: > 0 } || !ids.Add(entry.EntryId))
            {
                return ApiError.InvalidEntry(pubSub, topic, sidecar.AppId, "entryId is duplicated or not present for entry");
            }

            var metadata = Merge(entry.Metadata, requestMetadata);
            if (Publisher.ValidateTtl(metadata) is { } ttlError)
            {
                return ttlError;
            }

            entries.Add(new BulkEntry(entry.EntryId, new Publication(data, contentType, metadata, NewTrace(), "")));
        }

        return null;
    }

    private static (byte[]? Data, string Error) Data(JsonElement? value, string contentType)
    {
        const string NoMatch = "error: mismatch between contentType and event";
        var mediaType = contentType.Split(';')[0].Trim().ToLowerInvariant();
        var text = value is { ValueKind: JsonValueKind.String } set ? set.GetString() : null;
        switch (mediaType)
        {
            case "application/json" or CloudEventEnvelope.ContentType:
                return (value is { } json ? JsonMarshal.GetRawUtf8Value(json).ToArray() : "null"u8.ToArray(), "");
            case "application/octet-stream" when text is not null:
                return value!.Value.TryGetBytesFromBase64(out var bytes)
                    ? (bytes, "")
                    : (null, "error: unable to decode base64 application/octect-stream data: illegal base64 data");
            case "application/xml" when text is not null:
            case var other when other.StartsWith("text/", StringComparison.Ordinal) && text is not null:
                return (Encoding.UTF8.GetBytes(text), "");
            default:
                return (null, NoMatch);
        }
    }

    // As on Dapr, metadata of the request is added only to entries that have metadata. The metadata of the entry takes precedence.
    private static List<KeyValuePair<string, string>> Merge(
        Dictionary<string, string?>? entryMetadata, IReadOnlyList<KeyValuePair<string, string>> requestMetadata) => entryMetadata is null
        ? []
        : [.. entryMetadata.Select(entry => KeyValuePair.Create(entry.Key, entry.Value ?? "")), .. requestMetadata.Where(entry => !entryMetadata.ContainsKey(entry.Key))];

    private static Task WriteFailureAsync(HttpContext http, string pubSub, string topic, BulkFailure failure)
    {
        // The default encoder escapes all non-ASCII characters, so the JSON is valid in a header.
        var json = JsonSerializer.SerializeToUtf8Bytes(new { failedEntries = failure.Entries, errorCode = "ERR_PUBSUB_PUBLISH_MESSAGE" }, JsonSerializerOptions.Web);
        http.Response.Headers["Metadata.responsedata"] = Encoding.ASCII.GetString(json);
        http.Response.Headers["Metadata.error"] = "api error: code = Internal desc = "
            + $"error when publishing to topic {topic} in pubsub {pubSub}: {failure.Error}";
        return http.WriteJsonAsync(StatusCodes.Status500InternalServerError, json);
    }

    // Dapr starts a trace for each entry of a bulk publish, even if the sampling rate is 0.
    private static string NewTrace() => $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-00";

    private sealed record Entry(string? EntryId, JsonElement? Event, string? ContentType, Dictionary<string, string?>? Metadata);
}
