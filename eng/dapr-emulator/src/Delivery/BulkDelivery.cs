using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Cel;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Hands over many events per call and reads an answer for each of them.</summary>
internal sealed partial class BulkDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>The records that failed and are neither dropped nor buried: none when the batch is done with.</returns>
    public async Task<IReadOnlyList<Record>> DeliverAsync(IReadOnlyList<Record> records, CancellationToken stop)
    {
        var batch = new Batch();
        for (var number = 0; number < records.Count; number++)
        {
            await RouteAsync(batch, number, records[number]);
        }

        foreach (var (path, entries) in batch.Routes)
        {
            await DeliverAsync(path, entries, batch, stop);
        }

        var unburied = new List<Record>();
        foreach (var record in batch.Failed)
        {
            if (!await subscription.BuryAsync(record))
            {
                unburied.Add(record);
            }
        }

        if (unburied.Count == 0 || batch.IsFailure || !subscription.PubSub.IsKafka)
        {
            return unburied;
        }

        // The runtime forgets what was wrong with a record when the next one can be read: it tells Kafka's component nothing of it.
        LogForgotten(unburied.Count, subscription.PubSub.Name, subscription.Spec.Topic);
        return [];
    }

    private async Task RouteAsync(Batch batch, int number, Record record)
    {
        string? path;
        try
        {
            if (!TryRoute(record, out path))
            {
                batch.IsFailure = true;
                batch.Failed.Add(record);
                return;
            }
        }
        catch (CelException failure)
        {
            LogNoValue(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            batch.IsFailure = false;
            batch.Failed.Add(record);
            return;
        }

        batch.IsFailure = false;
        if (path is null or "")
        {
            // Expired, or without a route: done with, whether there is a dead-letter topic or not.
            await subscription.BuryAsync(record);
        }

        if (path is null)
        {
            return;
        }

        if (!batch.Routes.TryGetValue(path, out var entries))
        {
            batch.Routes[path] = entries = [];
        }

        var id = subscription.PubSub.IsKafka ? number.ToString(CultureInfo.InvariantCulture) : Guid.NewGuid().ToString();
        entries.Add(new BulkBody.Entry(id, record));
    }

    /// <returns>False when the record is no event. The path is null when it has expired.</returns>
    /// <exception cref="CelException">A condition has no value for this record.</exception>
    private bool TryRoute(Record record, out string? path)
    {
        // An event that no rule matches goes to the app's root, as with the runtime.
        const string Root = "";
        path = null;
        if (subscription.Spec.IsRaw)
        {
            // Conditions see the bytes as a text, of which there are no members.
            path = subscription.Routes.PathOf(Encoding.UTF8.GetString(record.Value)) ?? Root;
            return true;
        }

        if (!subscription.Routes.NeedsEvent && !EventRecord.MayExpire(record) && EventRecord.IsObject(record))
        {
            path = subscription.Routes.PathOf(null) ?? Root;
            return true;
        }

        using var envelope = EventRecord.Parse(record);
        if (envelope is null)
        {
            LogNoJson(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
            return false;
        }

        if (EventRecord.HasExpired(envelope.RootElement, subscription.Sidecar.Time.GetUtcNow()))
        {
            LogExpired(subscription.PubSub.Name, subscription.Spec.Topic);
            return true;
        }

        path = subscription.Routes.PathOf(envelope.RootElement) ?? Root;
        return true;
    }

    private async Task DeliverAsync(string path, List<BulkBody.Entry> entries, Batch batch, CancellationToken stop)
    {
        var id = Guid.NewGuid();
        var open = entries;
        await DeliveryPolicy.RunAsync(
            subscription.Policy,
            subscription.Sidecar.Time,
            async timeout =>
            {
                // Only those that asked for it come again, whatever the status was: a batch has none that a policy could match.
                open = await PostAsync(path, id, open, timeout);
                return new Attempt(open.Count == 0, null);
            },
            stop,
            subscription.Breaker);

        batch.IsFailure |= open.Count > 0;
        batch.Failed.AddRange(open.Select(entry => entry.Record));
    }

    /// <returns>The entries that have to come again.</returns>
    private async Task<List<BulkBody.Entry>> PostAsync(string path, Guid id, List<BulkBody.Entry> entries, CancellationToken timeout)
    {
        var sidecar = subscription.Sidecar;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout, sidecar.Gone);
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.App!.UriOf(path));
        using var body = BulkBody.Write(subscription, id, entries);
        request.Content = new ReadOnlyMemoryContent(body.WrittenMemory);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("pubsubname", subscription.PubSub.Name);
        try
        {
            using var response = await sidecar.App.SendAsync(request, linked.Token);
            var content = await response.Content.ReadAsByteArrayAsync(linked.Token);
            var status = (int)response.StatusCode;
            if (status == 404)
            {
                // Dropped for good: a bulk delivery that finds no route leaves no dead letters.
                LogNotFound(subscription.PubSub.Name, subscription.Spec.Topic, entries.Count);
                return [];
            }

            var open = status is >= 200 and <= 299 ? await OpenAfterAsync(entries, AnswerReader.OfBulk(content)) : entries;
            if (open.Count > 0)
            {
                LogRetry(open.Count, entries.Count, subscription.PubSub.Name, subscription.Spec.Topic, status);
            }

            return open;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // A sidecar that was killed says nothing more, above all not that this was a failure.
            sidecar.Gone.ThrowIfCancellationRequested();
            LogUnreachable(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            return entries;
        }
    }

    private async Task<List<BulkBody.Entry>> OpenAfterAsync(List<BulkBody.Entry> entries, Dictionary<string, Answer> answers)
    {
        var open = new List<BulkBody.Entry>();
        foreach (var entry in entries)
        {
            switch (answers.GetValueOrDefault(entry.Id))
            {
                case Answer.Retry:
                    open.Add(entry);
                    break;
                case Answer.Drop:
                    await subscription.BuryAsync(entry.Record);
                    break;
                default:
                    break;
            }
        }

        return open;
    }

    /// <summary>What becomes of the records of one batch.</summary>
    private sealed class Batch
    {
        public Dictionary<string, List<BulkBody.Entry>> Routes { get; } = [];

        public List<Record> Failed { get; } = [];

        /// <summary>Gets or sets a value indicating whether the component is told of a failure.</summary>
        public bool IsFailure { get; set; }
    }

    [LoggerMessage(LogLevel.Error, "{Count} record(s) of {PubSub}/{Topic} could not be read or routed, stood among others, and are lost")]
    private partial void LogForgotten(int count, string pubSub, string topic);

    [LoggerMessage(LogLevel.Error, "error finding matching route for an event of {PubSub}/{Topic}: {Failure}")]
    private partial void LogNoValue(string pubSub, string topic, string failure);

    [LoggerMessage(LogLevel.Error, "record of {PubSub}/{Topic}, partition {Partition}, offset {Offset} is no JSON object")]
    private partial void LogNoJson(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Warning, "dropping expired pub/sub event of {PubSub}/{Topic}")]
    private partial void LogExpired(string pubSub, string topic);

    [LoggerMessage(LogLevel.Error, "the app answered 404 to {Count} events of {PubSub}/{Topic}; they are lost")]
    private partial void LogNotFound(string pubSub, string topic, int count);

    [LoggerMessage(LogLevel.Information, "the app asked for {Open} of {Count} events of {PubSub}/{Topic} again, status {Status}")]
    private partial void LogRetry(int open, int count, string pubSub, string topic, int status);

    [LoggerMessage(LogLevel.Information, "events of {PubSub}/{Topic} did not reach the app: {Failure}")]
    private partial void LogUnreachable(string pubSub, string topic, string failure);
}
