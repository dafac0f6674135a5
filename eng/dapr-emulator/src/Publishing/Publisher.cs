using System.Text;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>One entry of a bulk publish.</summary>
internal sealed record BulkEntry(string EntryId, Publication Publication);

/// <summary>An entry that was not published, and why.</summary>
internal sealed record FailedEntry(string EntryId, string Error);

/// <summary>The entries of a bulk publish that failed, and the error of the whole.</summary>
internal sealed record BulkFailure(IReadOnlyList<FailedEntry> Entries, string Error);

/// <summary>Checks, wraps and appends what an app publishes through its sidecar.</summary>
internal sealed class Publisher(SidecarState sidecar, MessageBroker broker)
{
    private readonly CloudEventEnvelope _envelope = new(sidecar.AppId, sidecar.Time);

    /// <summary>Finds an error in the names and the metadata of a request.</summary>
    public ApiError? Check(string pubSub, IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        !sidecar.PubSubs.ContainsKey(pubSub) ? ApiError.PubSubNotFound(pubSub)
        : Setting(metadata, "rawPayload") is { Length: > 0 } raw && GoBoolean.Parse(raw) is null ? ApiError.BadRawPayload(pubSub, raw, metadata)
        : CheckLifetime(metadata);

    public static ApiError? CheckLifetime(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        metadata.Any(entry => entry.Key.ToLowerInvariant() is "ttl" or "ttlinseconds") ? ApiError.NotEmulated("time to live for messages (ttlInSeconds)") : null;

    /// <summary>Finds an error where the app may not publish to a topic.</summary>
    public ApiError? CheckTopic(string pubSub, string topic) =>
        sidecar.PubSubs[pubSub].Scopes.MayPublish(topic) ? null : ApiError.Forbidden(pubSub, topic, sidecar.AppId);

    /// <returns>Null when the event is on disk.</returns>
    public async Task<ApiError?> PublishAsync(string name, string topic, Publication publication)
    {
        if (Check(name, publication.Metadata) is { } bad)
        {
            return bad;
        }

        var pubSub = sidecar.PubSubs[name];
        NewRecord record;
        try
        {
            record = Record(pubSub, topic, publication, IsRaw(publication.Metadata), []);
        }
        catch (JsonException failure)
        {
            return ApiError.NoCloudEvent(name, sidecar.AppId, failure.Message);
        }

        if (CheckTopic(name, topic) is { } forbidden)
        {
            return forbidden;
        }

        string? problem = null;
        await RunAsync(name, async () => (problem = await AppendAsync(pubSub, topic, record)) is null);
        return problem is null ? null : ApiError.NotPublished(name, topic, problem);
    }

    /// <summary>Publishes the entries that the broker accepts. The pub/sub and the topic have been checked.</summary>
    /// <param name="metadata">Those of the request: they decide about raw payloads, and on Kafka they override those of each entry.</param>
    /// <returns>Null when all entries are on disk; otherwise the others. The outbound policy retries only entries that failed.</returns>
    /// <exception cref="JsonException">The content type of an entry says CloudEvent, and it is not a JSON object; nothing was published.</exception>
    public async Task<BulkFailure?> PublishBulkAsync(
        string name, string topic, IReadOnlyList<BulkEntry> entries, IReadOnlyList<KeyValuePair<string, string>> metadata)
    {
        var pubSub = sidecar.PubSubs[name];
        var raw = IsRaw(metadata);
        List<(string EntryId, NewRecord Record)> open =
            [.. entries.Select(entry => (entry.EntryId, Record(pubSub, topic, entry.Publication, raw, pubSub.IsKafka ? metadata : [])))];
        BulkFailure? failure = null;
        await RunAsync(name, async () =>
        {
            failure = await AppendAsync(pubSub, topic, open);
            open = failure is null ? [] : [.. open.Where(entry => failure.Entries.Any(failed => failed.EntryId == entry.EntryId))];
            return failure is null;
        });
        return failure;
    }

    // The outbound policy of the component; one attempt when there is none.
    private Task<bool> RunAsync(string pubSub, Func<Task<bool>> attempt) =>
        sidecar.Resources.Resiliency.Outbound(pubSub).RunAsync(sidecar.Time, async _ => new Attempt(await attempt(), null), sidecar.Gone);

    private async Task<string?> AppendAsync(PubSub pubSub, string topic, NewRecord record)
    {
        if (Refusal(pubSub, record) is { } refusal)
        {
            return refusal;
        }

        try
        {
            await broker.AppendAsync(pubSub.TopicName(topic), record);
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
            if (Refusal(pubSub, record) is { } refusal)
            {
                failed.Add(new FailedEntry(id, refusal));
            }
            else
            {
                records.Add(record);
            }
        }

        try
        {
            await broker.AppendAsync(pubSub.TopicName(topic), records);
            return failed.Count == 0 ? null : new BulkFailure(failed, $"kafka: Failed to deliver {failed.Count} messages.");
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return new BulkFailure([.. entries.Select(entry => new FailedEntry(entry.EntryId, failure.Message))], failure.Message);
        }
    }

    private NewRecord Record(
        PubSub pubSub, string topic, Publication publication, bool raw, IReadOnlyList<KeyValuePair<string, string>> overrides)
    {
        var value = raw ? publication.Data.ToArray() : _envelope.Create(pubSub, topic, publication);
        var headers = overrides.Count > 0
            ? [.. publication.Metadata.Where(entry => overrides.All(other => other.Key != entry.Key)), .. overrides]
            : publication.Metadata;
        return new NewRecord(Setting(headers, "partitionKey") ?? Setting(headers, "__key"), value, headers);
    }

    private static string? Setting(IReadOnlyList<KeyValuePair<string, string>> metadata, string name)
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
        Setting(metadata, "rawPayload") is { } text && GoBoolean.Parse(text) == true;

    private static string? Refusal(PubSub pubSub, NewRecord record) =>
        pubSub.MaxMessageBytes < int.MaxValue && SizeOnKafka(record) is var size && size > pubSub.MaxMessageBytes
            ? $"kafka: invalid configuration (Attempt to produce message larger than configured Producer.MaxMessageBytes: {size} > {pubSub.MaxMessageBytes})"
            : null;

    // As Kafka's client estimates the size: with the largest overhead that a record and its headers can have.
    private static int SizeOnKafka(NewRecord record)
    {
        const int RecordOverhead = 36;
        const int HeaderOverhead = 10;
        return RecordOverhead + record.Value.Length + (record.Key is null ? 0 : Encoding.UTF8.GetByteCount(record.Key))
            + record.Headers.Sum(header => HeaderOverhead + Encoding.UTF8.GetByteCount(header.Key) + Encoding.UTF8.GetByteCount(header.Value));
    }
}
