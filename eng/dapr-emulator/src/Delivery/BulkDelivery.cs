using System.Globalization;
using System.Net.Http.Headers;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Delivers a batch of events per call and reads a status for each event.</summary>
internal sealed partial class BulkDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>The records that failed and were not published to a dead-letter topic. Empty if the batch is done.</returns>
    public async Task<IReadOnlyList<Record>> DeliverAsync(IReadOnlyList<Record> records, CancellationToken stop)
    {
        var entries = new List<BulkBody.Entry>(records.Count);
        var failed = new List<Record>();
        var batchFailed = false;
        for (var number = 0; number < records.Count; number++)
        {
            var record = records[number];
            var content = subscription.Spec.IsRaw ? record.Value : EventRecord.Read(record);
            batchFailed = content is null;
            if (content is null)
            {
                LogUnreadable(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
                failed.Add(record);
                continue;
            }

            var id = subscription.PubSub.IsKafka ? number.ToString(CultureInfo.InvariantCulture) : Guid.NewGuid().ToString();
            entries.Add(new BulkBody.Entry(id, record, content.Value));
        }

        var pending = await DeliverAsync(entries, stop);
        batchFailed |= pending.Count > 0;
        failed.AddRange(pending.Select(entry => entry.Record));
        var remaining = new List<Record>();
        foreach (var record in failed)
        {
            if (!await subscription.PublishDeadLetterAsync(record))
            {
                remaining.Add(record);
            }
        }

        if (remaining.Count == 0 || batchFailed || !subscription.PubSub.IsKafka)
        {
            return remaining;
        }

        // Dapr overwrites the error of an unreadable record when the next record is readable. It then reports success to its Kafka
        // component, which does not redeliver the batch.
        LogLost(remaining.Count, subscription.PubSub.Name, subscription.Spec.Topic);
        return [];
    }

    /// <returns>The entries that the app did not handle.</returns>
    private async Task<List<BulkBody.Entry>> DeliverAsync(List<BulkBody.Entry> entries, CancellationToken stop)
    {
        if (entries.Count == 0)
        {
            return entries;
        }

        var id = Guid.NewGuid();
        var pending = entries;
        await subscription.Policy.RunAsync(
            subscription.Sidecar.Time,
            async timeout =>
            {
                // Retry only the entries that need it. A batch has no single status that a policy could match.
                pending = await PostAsync(id, pending, timeout);
                return new Attempt(pending.Count == 0, null);
            },
            stop);
        return pending;
    }

    /// <returns>The entries to retry.</returns>
    private async Task<List<BulkBody.Entry>> PostAsync(Guid id, List<BulkBody.Entry> entries, CancellationToken timeout)
    {
        var sidecar = subscription.Sidecar;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout, sidecar.Stopped);
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.App!.CreateUri(subscription.Spec.Route));
        using var body = BulkBody.Write(subscription, id, entries);
        request.Content = new ReadOnlyMemoryContent(body.Written);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("pubsubname", subscription.PubSub.Name);
        try
        {
            using var response = await sidecar.App.SendAsync(request, linked.Token);
            var content = await response.Content.ReadAsByteArrayAsync(linked.Token);
            var status = (int)response.StatusCode;
            if (status == 404)
            {
                // As on Dapr, a batch for which the app returns 404 is lost, even if there is a dead-letter topic.
                LogNotFound(subscription.PubSub.Name, subscription.Spec.Topic, entries.Count);
                return [];
            }

            var pending = status is >= 200 and <= 299 ? await ApplyStatusesAsync(entries, DeliveryStatusReader.ReadBulk(content)) : entries;
            if (pending.Count > 0)
            {
                LogRetry(pending.Count, entries.Count, subscription.PubSub.Name, subscription.Spec.Topic, status);
            }

            return pending;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // If the sidecar was killed, do not report a failure: nothing may be committed after the kill.
            sidecar.Stopped.ThrowIfCancellationRequested();
            LogUnreachable(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            return entries;
        }
    }

    private async Task<List<BulkBody.Entry>> ApplyStatusesAsync(List<BulkBody.Entry> entries, Dictionary<string, DeliveryStatus> statuses)
    {
        var pending = new List<BulkBody.Entry>();
        foreach (var entry in entries)
        {
            var status = statuses.GetValueOrDefault(entry.Id);
            if (status is DeliveryStatus.Retry)
            {
                pending.Add(entry);
            }
            else if (status is DeliveryStatus.Drop)
            {
                await subscription.PublishDeadLetterAsync(entry.Record);
            }
        }

        return pending;
    }

    [LoggerMessage(LogLevel.Error, "Lost {Count} unreadable records of {PubSub}/{Topic}: Dapr skips them if the last record of the batch is readable")]
    private partial void LogLost(int count, string pubSub, string topic);

    [LoggerMessage(LogLevel.Error, "Unreadable event in {PubSub}/{Topic}, partition {Partition}, offset {Offset}: publish JSON objects without numbers beyond a double")]
    private partial void LogUnreadable(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Error, "Lost {Count} events of {PubSub}/{Topic}: the app returned 404. Check the route of the subscription")]
    private partial void LogNotFound(string pubSub, string topic, int count);

    [LoggerMessage(LogLevel.Information, "The app did not handle {Failed} of {Count} events of {PubSub}/{Topic}: HTTP status {Status}")]
    private partial void LogRetry(int failed, int count, string pubSub, string topic, int status);

    [LoggerMessage(LogLevel.Information, "Could not deliver events of {PubSub}/{Topic} to the app: {Failure}")]
    private partial void LogUnreachable(string pubSub, string topic, string failure);
}
