using System.Net.Http.Headers;
using DaprOrders.DevSidecar.Broker;

namespace DaprOrders.DevSidecar.Delivery;

/// <summary>Hands over many events per call and reads an answer for each of them.</summary>
internal sealed partial class BulkDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>The records that failed and are neither dropped nor buried: none when the batch is done with.</returns>
    public async Task<IReadOnlyList<Record>> DeliverAsync(IReadOnlyList<Record> batch, CancellationToken stop)
    {
        var failed = new List<Record>();
        var passedOver = new List<Record>();
        foreach (var (path, entries) in Route(batch, failed, passedOver))
        {
            await DeliverAsync(path, entries, failed, stop);
        }

        foreach (var record in passedOver)
        {
            // Expired, or without a route: done with, whether there is a dead-letter topic or not.
            await subscription.BuryAsync(record);
        }

        var unburied = new List<Record>();
        foreach (var record in failed)
        {
            if (!await subscription.BuryAsync(record))
            {
                unburied.Add(record);
            }
        }

        return unburied;
    }

    private Dictionary<string, List<BulkBody.Entry>> Route(
        IReadOnlyList<Record> batch, List<Record> failed, List<Record> passedOver)
    {
        var routes = new Dictionary<string, List<BulkBody.Entry>>();
        for (var number = 0; number < batch.Count; number++)
        {
            var record = batch[number];
            if (!TryRoute(record, out var path))
            {
                failed.Add(record);
                continue;
            }

            if (path is null or "")
            {
                passedOver.Add(record);
            }

            if (path is null)
            {
                continue;
            }

            if (!routes.TryGetValue(path, out var entries))
            {
                routes[path] = entries = new List<BulkBody.Entry>(batch.Count);
            }

            entries.Add(new BulkBody.Entry(number.ToString(System.Globalization.CultureInfo.InvariantCulture), record));
        }

        return routes;
    }

    /// <returns>False when the record is no event. The path is null when it has expired.</returns>
    private bool TryRoute(Record record, out string? path)
    {
        // An event that no rule matches goes to the app's root, as with the runtime.
        const string Root = "";
        path = null;
        if (subscription.Spec.IsRaw)
        {
            path = subscription.Routes.PathOf(default) ?? Root;
            return true;
        }

        if (!subscription.Routes.NeedsEvent && !EventRecord.MayExpire(record) && EventRecord.IsObject(record))
        {
            path = subscription.Routes.PathOf(default) ?? Root;
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

    private async Task DeliverAsync(string path, List<BulkBody.Entry> entries, List<Record> failed, CancellationToken stop)
    {
        var id = Guid.NewGuid();
        var open = entries;
        var dropped = new List<Record>();
        await DeliveryPolicy.RunAsync(
            subscription.Policy,
            subscription.Sidecar.Time,
            async timeout =>
            {
                // Only those that asked for it come again.
                (open, var status) = await PostAsync(path, id, open, dropped, timeout);
                return new Attempt(open.Count == 0, status);
            },
            stop,
            subscription.Breaker);

        failed.AddRange(open.Select(entry => entry.Record));
        if (subscription.HasDeadLetterTopic)
        {
            failed.AddRange(dropped);
        }
    }

    private async Task<(List<BulkBody.Entry> Open, int? Status)> PostAsync(
        string path, Guid id, List<BulkBody.Entry> entries, List<Record> dropped, CancellationToken timeout)
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
                return ([], status);
            }

            var open = status is >= 200 and <= 299 ? OpenAfter(entries, AnswerReader.OfBulk(content), dropped) : entries;
            if (open.Count > 0)
            {
                LogRetry(open.Count, entries.Count, subscription.PubSub.Name, subscription.Spec.Topic, status);
            }

            return (open, status);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // A sidecar that was killed says nothing more, above all not that this was a failure.
            sidecar.Gone.ThrowIfCancellationRequested();
            LogUnreachable(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            return (entries, null);
        }
    }

    private static List<BulkBody.Entry> OpenAfter(List<BulkBody.Entry> entries, Dictionary<string, Answer> answers, List<Record> dropped)
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
                    dropped.Add(entry.Record);
                    break;
                default:
                    break;
            }
        }

        return open;
    }

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
