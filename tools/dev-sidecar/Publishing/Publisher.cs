using System.Text.Json;
using DaprOrders.DevSidecar.Api;
using DaprOrders.DevSidecar.Broker;
using DaprOrders.DevSidecar.Resources;

namespace DaprOrders.DevSidecar.Publishing;

/// <summary>One entry of a bulk publish.</summary>
internal sealed record BulkEntry(string EntryId, Publication Publication);

/// <summary>An entry that was not taken, and why.</summary>
internal sealed record FailedEntry(string EntryId, string Error);

/// <summary>Checks, wraps and appends what an app publishes through its sidecar.</summary>
internal sealed class Publisher(string appId, IReadOnlyDictionary<string, PubSub> pubSubs, MessageBroker broker, TimeProvider time)
{
    private readonly CloudEventEnvelope _envelope = new(appId, time);

    /// <returns>Null when the event is on disk.</returns>
    public async Task<ApiError?> PublishAsync(string name, string topic, Publication publication)
    {
        if (!pubSubs.TryGetValue(name, out var pubSub))
        {
            return ApiError.PubSubNotFound(name);
        }

        if (publication.Setting("rawPayload") is { } raw && GoBoolean.Parse(raw) is null)
        {
            return ApiError.BadRawPayload(name, raw, appId);
        }

        NewRecord record;
        try
        {
            record = Record(pubSub, topic, publication);
        }
        catch (JsonException)
        {
            return ApiError.NoCloudEvent(name, appId);
        }

        if (!pubSub.Scopes.MayPublish(topic))
        {
            return ApiError.Forbidden(name, topic, appId);
        }

        if (Refusal(pubSub, record) is { } refusal)
        {
            return ApiError.NotPublished(name, topic, refusal);
        }

        try
        {
            await broker.AppendAsync(pubSub.TopicName(topic), record);
            return null;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return ApiError.NotPublished(name, topic, failure.Message);
        }
    }

    /// <summary>Checks what makes a bulk publish impossible as a whole.</summary>
    public ApiError? CheckBulk(string name, string topic) =>
        !pubSubs.TryGetValue(name, out var pubSub) ? ApiError.PubSubNotFound(name)
        : !pubSub.Scopes.MayPublish(topic) ? ApiError.Forbidden(name, topic, appId)
        : null;

    /// <summary>Publishes the entries that the broker takes; <see cref="CheckBulk"/> was asked before.</summary>
    /// <returns>The others: none when all are on disk.</returns>
    public async Task<IReadOnlyList<FailedEntry>> PublishBulkAsync(string name, string topic, IReadOnlyList<BulkEntry> entries)
    {
        var pubSub = pubSubs[name];
        var failed = new List<FailedEntry>();
        var records = new List<NewRecord>(entries.Count);
        foreach (var entry in entries)
        {
            var record = Record(pubSub, topic, entry.Publication);
            if (Refusal(pubSub, record) is { } refusal)
            {
                failed.Add(new FailedEntry(entry.EntryId, refusal));
                continue;
            }

            records.Add(record);
        }

        try
        {
            await broker.AppendAsync(pubSub.TopicName(topic), records);
            return failed;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return [.. entries.Select(entry => new FailedEntry(entry.EntryId, failure.Message))];
        }
    }

    private NewRecord Record(PubSub pubSub, string topic, Publication publication)
    {
        var raw = publication.Setting("rawPayload") is { } text && GoBoolean.Parse(text) == true;
        var value = raw ? publication.Data.ToArray() : _envelope.Create(pubSub, topic, publication);
        return new NewRecord(publication.Setting("partitionKey") ?? publication.Setting("__key"), value, publication.Metadata);
    }

    // The number is the runtime's own: the size with what Kafka's client adds to a record.
    private static string? Refusal(PubSub pubSub, NewRecord record) => record.Value.Length > pubSub.MaxMessageBytes
        ? $"kafka: invalid configuration (Attempt to produce message larger than configured Producer.MaxMessageBytes: {record.Value.Length} > {pubSub.MaxMessageBytes})"
        : null;
}
