using System.Globalization;
using System.Net.Http.Headers;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Delivers many events per call and reads an answer for each of them.</summary>
internal sealed partial class BulkDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>The records that failed and have no dead-letter topic: none when the batch is done.</returns>
    public async Task<IReadOnlyList<Record>> DeliverAsync(IReadOnlyList<Record> records, CancellationToken stop)
    {
        var entries = new List<BulkBody.Entry>(records.Count);
        var failed = new List<Record>();
        var isFailure = false;
        for (var number = 0; number < records.Count; number++)
        {
            var record = records[number];
            var content = subscription.Spec.IsRaw ? record.Value : EventRecord.Read(record);
            isFailure = content is null;
            if (content is null)
            {
                LogUnreadable(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
                failed.Add(record);
                continue;
            }

            var id = subscription.PubSub.IsKafka ? number.ToString(CultureInfo.InvariantCulture) : Guid.NewGuid().ToString();
            entries.Add(new BulkBody.Entry(id, record, content.Value));
        }

        var open = await DeliverAsync(entries, stop);
        isFailure |= open.Count > 0;
        failed.AddRange(open.Select(entry => entry.Record));
        var unburied = new List<Record>();
        foreach (var record in failed)
        {
            if (!await subscription.BuryAsync(record))
            {
                unburied.Add(record);
            }
        }

        if (unburied.Count == 0 || isFailure || !subscription.PubSub.IsKafka)
        {
            return unburied;
        }

        // Dapr forgets an unreadable record when the next one is readable, and reports success to its Kafka component.
        LogForgotten(unburied.Count, subscription.PubSub.Name, subscription.Spec.Topic);
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
        var open = entries;
        await subscription.Policy.RunAsync(
            subscription.Sidecar.Time,
            async timeout =>
            {
                // Only entries that asked for it are delivered again. A batch has no status that a policy could match.
                open = await PostAsync(id, open, timeout);
                return new Attempt(open.Count == 0, null);
            },
            stop);
        return open;
    }

    /// <returns>The entries to deliver again.</returns>
    private async Task<List<BulkBody.Entry>> PostAsync(Guid id, List<BulkBody.Entry> entries, CancellationToken timeout)
    {
        var sidecar = subscription.Sidecar;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout, sidecar.Gone);
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.App!.UriOf(subscription.Spec.Route));
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
                // As on Dapr, a bulk delivery that is answered 404 leaves no dead letters.
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
            // A killed sidecar must not report the failure: nothing may be committed after the kill.
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
            var answer = answers.GetValueOrDefault(entry.Id);
            if (answer is Answer.Retry)
            {
                open.Add(entry);
            }
            else if (answer is Answer.Drop)
            {
                await subscription.BuryAsync(entry.Record);
            }
        }

        return open;
    }

    [LoggerMessage(LogLevel.Error, "Lost {Count} unreadable record(s) of {PubSub}/{Topic} in a batch whose last record was readable, as Dapr does")]
    private partial void LogForgotten(int count, string pubSub, string topic);

    [LoggerMessage(LogLevel.Error, "Dapr could not read the record of {PubSub}/{Topic}, partition {Partition}, offset {Offset}")]
    private partial void LogUnreadable(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Error, "The app answered 404 to {Count} events of {PubSub}/{Topic}; they are lost")]
    private partial void LogNotFound(string pubSub, string topic, int count);

    [LoggerMessage(LogLevel.Information, "The app asked to retry {Open} of {Count} events of {PubSub}/{Topic}, status {Status}")]
    private partial void LogRetry(int open, int count, string pubSub, string topic, int status);

    [LoggerMessage(LogLevel.Information, "Events of {PubSub}/{Topic} did not reach the app: {Failure}")]
    private partial void LogUnreachable(string pubSub, string topic, string failure);
}
