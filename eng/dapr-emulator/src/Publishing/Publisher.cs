using System.Text;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>One entry of a bulk publish.</summary>
internal sealed record BulkEntry(string EntryId, Publication Publication);

/// <summary>An entry that was not published, with the reason.</summary>
internal sealed record FailedEntry(string EntryId, string Error);

/// <summary>The failed entries of a bulk publish, and an error for the whole request.</summary>
internal sealed record BulkFailure(IReadOnlyList<FailedEntry> Entries, string Error);

/// <summary>Validates events that an app publishes, wraps them into CloudEvents and appends them to the broker.</summary>
internal sealed class Publisher(SidecarState sidecar, MessageBroker broker)
{
    private readonly CloudEventEnvelope _envelope = new(sidecar.AppId, sidecar.Time);

    /// <summary>Validates the pub/sub name and the metadata of a request.</summary>
    public ApiError? Validate(string pubSub, IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        !sidecar.PubSubs.ContainsKey(pubSub) ? ApiError.PubSubNotFound(pubSub)
        : FindMetadata(metadata, "rawPayload") is { Length: > 0 } raw && GoBoolean.Parse(raw) is null ? ApiError.InvalidRawPayload(pubSub, raw, metadata)
        : ValidateTtl(metadata);

    public static ApiError? ValidateTtl(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        metadata.Any(entry => entry.Key.ToLowerInvariant() is "ttl" or "ttlinseconds") ? ApiError.NotEmulated("a time to live for messages (ttlInSeconds)") : null;

    /// <summary>Returns an error if the app may not publish to the topic.</summary>
    public ApiError? ValidateTopic(string pubSub, string topic) =>
        sidecar.PubSubs[pubSub].Scopes.MayPublish(topic) ? null : ApiError.Forbidden(pubSub, topic, sidecar.AppId);

    /// <returns>An error, or null when the event is on disk.</returns>
    public async Task<ApiError?> PublishAsync(string name, string topic, Publication publication)
    {
        if (Validate(name, publication.Metadata) is { } invalid)
        {
            return invalid;
        }

        var pubSub = sidecar.PubSubs[name];
        NewRecord record;
        try
        {
            record = Record(pubSub, topic, publication, IsRaw(publication.Metadata), []);
        }
        catch (JsonException failure)
        {
            return ApiError.CloudEventCreationFailed(name, sidecar.AppId, failure.Message);
        }

        if (ValidateTopic(name, topic) is { } forbidden)
        {
            return forbidden;
        }

        string? error = null;
        await RunAsync(name, async () => (error = await AppendAsync(pubSub, topic, record)) is null);
        return error is null ? null : ApiError.PublishFailed(name, topic, error);
    }

    /// <summary>Publishes the entries that the broker accepts. The caller has validated the pub/sub and the topic.</summary>
    /// <param name="metadata">The metadata of the request. It selects raw payloads and, on Kafka, overrides the metadata of each entry.</param>
    /// <returns>The entries that failed, or null when all entries are on disk. The outbound policy retries only failed entries.</returns>
    /// <exception cref="JsonException">The content type of an entry is CloudEvent, but its data is not a JSON object. Nothing was published.</exception>
    public async Task<BulkFailure?> PublishBulkAsync(
        string name, string topic, IReadOnlyList<BulkEntry> entries, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        var pubSub = sidecar.PubSubs[name];
        var raw = IsRaw(metadata);
        List<(string EntryId, NewRecord Record)> pending =
            [.. entries.Select(entry => (entry.EntryId, Record(pubSub, topic, entry.Publication, raw, pubSub.IsKafka ? metadata : [])))];
        BulkFailure? failure = null;
        await RunAsync(name, async () =>
        {
            failure = await AppendAsync(pubSub, topic, pending);
            pending = failure is null ? [] : [.. pending.Where(entry => failure.Entries.Any(failed => failed.EntryId == entry.EntryId))];
            return failure is null;
        });
        return failure;
    }

    // Applies the outbound policy of the component. Without a policy there is one attempt.
    private Task<bool> RunAsync(string pubSub, Func<Task<bool>> attempt) =>
        sidecar.Resources.Resiliency.Outbound(pubSub).RunAsync(sidecar.Time, async _ => new Attempt(await attempt(), null), sidecar.Stopped);

    private async Task<string?> AppendAsync(PubSub pubSub, string topic, NewRecord record)
    {
        if (FindSizeError(pubSub, record) is { } sizeError)
        {
            return sizeError;
        }

        try
        {
            await AppendAsync(pubSub.TopicName(topic), [record]);
            return null;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return failure.Message;
        }
    }

    private async Task<BulkFailure?> AppendAsync(PubSub pubSub, string topic, List<(string EntryId, NewRecord Record)> entries)
    {
        var failed = new List<FailedEntry>();
        var records = new List<NewRecord>(entries.Count);
        foreach (var (id, record) in entries)
        {
            if (FindSizeError(pubSub, record) is { } sizeError)
            {
                failed.Add(new FailedEntry(id, sizeError));
            }
            else
            {
                records.Add(record);
            }
        }

        try
        {
            await AppendAsync(pubSub.TopicName(topic), records);
            return failed.Count == 0 ? null : new BulkFailure(failed, $"kafka: Failed to deliver {failed.Count} messages.");
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return new BulkFailure([.. entries.Select(entry => new FailedEntry(entry.EntryId, failure.Message))], failure.Message);
        }
    }

    private Task AppendAsync(string topic, IReadOnlyList<NewRecord> records) => broker.IsReachableFrom(sidecar.AppId)
        ? broker.AppendAsync(topic, records)
        : throw new IOException("client has run out of available brokers to talk to"); // the error of Dapr's Kafka component

    private NewRecord Record(
        PubSub pubSub, string topic, Publication publication, bool raw, IReadOnlyList<KeyValuePair<string, string>> overrides)
    {
        var value = raw ? publication.Data.ToArray() : _envelope.Create(pubSub, topic, publication);
        var headers = overrides.Count > 0
            ? [.. publication.Metadata.Where(entry => overrides.All(other => other.Key != entry.Key)), .. overrides]
            : publication.Metadata;
        return new NewRecord(FindMetadata(headers, "partitionKey") ?? FindMetadata(headers, "__key"), value, headers);
    }

    private static string? FindMetadata(IReadOnlyList<KeyValuePair<string, string>> metadata, string name)
    {
        foreach (var (key, value) in metadata)
        {
            if (key == name)
            {
                return value;
            }
        }

        return null;
    }

    private static bool IsRaw(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        FindMetadata(metadata, "rawPayload") is { } text && GoBoolean.Parse(text) == true;

    private static string? FindSizeError(PubSub pubSub, NewRecord record) =>
        pubSub.MaxMessageBytes < int.MaxValue && SizeOnKafka(record) is var size && size > pubSub.MaxMessageBytes
            ? $"kafka: invalid configuration (Attempt to produce message larger than configured Producer.MaxMessageBytes: {size} > {pubSub.MaxMessageBytes})"
            : null;

    // Kafka's client estimates the size with the largest possible overhead of a record and its headers.
    private static int SizeOnKafka(NewRecord record)
    {
        const int RecordOverhead = 36;
        const int HeaderOverhead = 10;
        return RecordOverhead + record.Value.Length + (record.Key is null ? 0 : Encoding.UTF8.GetByteCount(record.Key))
            + record.Headers.Sum(header => HeaderOverhead + Encoding.UTF8.GetByteCount(header.Key) + Encoding.UTF8.GetByteCount(header.Value));
    }
}
