using System.Text.Json;
using DaprOrders.DaprEmulator.Api;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Publishing;

/// <summary>One entry of a bulk publish.</summary>
internal sealed record BulkEntry(string EntryId, Publication Publication);

/// <summary>An entry that was not taken, and why.</summary>
internal sealed record FailedEntry(string EntryId, string Error);

/// <summary>The entries of a bulk publish that were not taken, and the error of the whole.</summary>
internal sealed record BulkFailure(IReadOnlyList<FailedEntry> Entries, string Error);

/// <summary>Checks, wraps and appends what an app publishes through its sidecar.</summary>
/// <param name="sidecar">Whose apps publish; its outbound policies apply to what the broker refuses.</param>
internal sealed class Publisher(SidecarState sidecar, MessageBroker broker)
{
    private readonly CloudEventEnvelope _envelope = new(sidecar.AppId, sidecar.Time);

    /// <returns>Null when the event is on disk.</returns>
    public async Task<ApiError?> PublishAsync(string name, string topic, Publication publication)
    {
        if (!sidecar.PubSubs.TryGetValue(name, out var pubSub))
        {
            return ApiError.PubSubNotFound(name);
        }

        if (CheckRaw(name, publication.Metadata) is { } bad)
        {
            return bad;
        }

        NewRecord record;
        try
        {
            record = Record(pubSub, topic, publication, IsRaw(publication.Metadata));
        }
        catch (JsonException failure)
        {
            return ApiError.NoCloudEvent(name, sidecar.AppId, failure.Message);
        }

        if (!pubSub.Scopes.MayPublish(topic))
        {
            return ApiError.Forbidden(name, topic, sidecar.AppId);
        }

        string? problem = null;
        await RunAsync(name, async () => (problem = await AppendAsync(pubSub, topic, record)) is null);
        return problem is null ? null : ApiError.NotPublished(name, topic, problem);
    }

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

    // The outbound policy of the component; one attempt when there is none.
    private Task<bool> RunAsync(string pubSub, Func<Task<bool>> attempt) =>
        sidecar.Resources.Resiliency.Outbound(pubSub).RunAsync(sidecar.Time, async _ => new Attempt(await attempt(), null), sidecar.Gone);

    /// <summary>Checks what makes a bulk publish impossible as a whole.</summary>
    public ApiError? CheckBulk(string name, string topic) =>
        !sidecar.PubSubs.TryGetValue(name, out var pubSub) ? ApiError.PubSubNotFound(name)
        : !pubSub.Scopes.MayPublish(topic) ? ApiError.Forbidden(name, topic, sidecar.AppId)
        : null;

    /// <returns>An error when the metadata of a request ask for raw payloads in words that Go does not read as a boolean.</returns>
    public static ApiError? CheckRaw(string name, IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        LeftOutApis.Refusal(metadata) is { } refusal ? refusal : Setting(metadata, "rawPayload") is { Length: > 0 } raw && GoBoolean.Parse(raw) is null ? ApiError.BadRawPayload(name, raw, metadata) : null;

    /// <summary>Publishes the entries that the broker takes; <see cref="CheckBulk"/> was asked before.</summary>
    /// <param name="metadata">Those of the request: they decide about raw payloads, and Kafka's component puts them over those of each entry.</param>
    /// <returns>Null when all are on disk; else the others, of which the outbound policy has tried only what had failed again.</returns>
    /// <exception cref="JsonException">An entry says that it is a CloudEvent and is no JSON object; nothing was published.</exception>
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
            open = [.. open.Where(entry => failure?.Entries.Any(failed => failed.EntryId == entry.EntryId) == true)];
            return failure is null;
        });
        return failure;
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
                continue;
            }

            records.Add(record);
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
        PubSub pubSub, string topic, Publication publication, bool raw, IReadOnlyList<KeyValuePair<string, string>>? over = null)
    {
        var value = raw ? publication.Data.ToArray() : _envelope.Create(pubSub, topic, publication);
        var headers = over is { Count: > 0 }
            ? [.. publication.Metadata.Where(entry => over.All(other => other.Key != entry.Key)), .. over]
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

    public static bool IsRaw(IReadOnlyList<KeyValuePair<string, string>> metadata) =>
        Setting(metadata, "rawPayload") is { } text && GoBoolean.Parse(text) == true;

    private static string? Refusal(PubSub pubSub, NewRecord record) =>
        pubSub.MaxMessageBytes < int.MaxValue && SizeOnKafka(record) is var size && size > pubSub.MaxMessageBytes
            ? $"kafka: invalid configuration (Attempt to produce message larger than configured Producer.MaxMessageBytes: {size} > {pubSub.MaxMessageBytes})"
            : null;

    // As Kafka's client counts: at most so much for a record, and for each of its headers, comes on top.
    private static int SizeOnKafka(NewRecord record)
    {
        const int RecordOverhead = 36;
        const int HeaderOverhead = 10;
        var utf8 = System.Text.Encoding.UTF8;
        return RecordOverhead + record.Value.Length + (record.Key is null ? 0 : utf8.GetByteCount(record.Key))
            + record.Headers.Sum(header => HeaderOverhead + utf8.GetByteCount(header.Key) + utf8.GetByteCount(header.Value));
    }
}
