using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Delivers one event per call and reads the app's answer.</summary>
internal sealed partial class SingleDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>Whether the record is done: handled, dropped, or on the dead-letter topic.</returns>
    public async Task<bool> DeliverAsync(Record record, CancellationToken stop)
    {
        if (!subscription.Spec.IsRaw && EventRecord.Read(record) is null)
        {
            LogUnreadable(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
            return await subscription.BuryAsync(record);
        }

        var body = subscription.Spec.IsRaw ? WrapRaw(record) : record.Value;
        var answer = Answer.Retry;
        await subscription.Policy.RunAsync(
            subscription.Sidecar.Time,
            async timeout =>
            {
                (answer, var status) = await PostAsync(record, body, timeout);
                return new Attempt(answer != Answer.Retry, status);
            },
            stop);

        return answer switch
        {
            Answer.Success => true,
            Answer.Drop => await DropAsync(record),
            _ => await subscription.BuryAsync(record),
        };
    }

    private async Task<bool> DropAsync(Record record)
    {
        LogDropped(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
        return !subscription.HasDeadLetterTopic || await subscription.BuryAsync(record);
    }

    private async Task<(Answer Answer, int? Status)> PostAsync(Record record, byte[] body, CancellationToken timeout)
    {
        var sidecar = subscription.Sidecar;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout, sidecar.Gone);
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.App!.UriOf(subscription.Spec.Route)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(CloudEventEnvelope.ContentType);
        request.Headers.TryAddWithoutValidation("pubsubname", subscription.PubSub.Name);
        if (sidecar.Resources.Tracing)
        {
            request.Headers.TryAddWithoutValidation("traceparent", EventRecord.TraceOf(body));
        }

        foreach (var (name, value) in EventRecord.MetadataOf(record, subscription.PubSub, subscription.Spec.Topic))
        {
            if (!name.StartsWith("content-", StringComparison.OrdinalIgnoreCase))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        try
        {
            using var response = await sidecar.App.SendAsync(request, linked.Token);
            var content = await response.Content.ReadAsByteArrayAsync(linked.Token);
            var answer = AnswerReader.OfSingle((int)response.StatusCode, content);
            if (answer == Answer.Retry)
            {
                LogRetry(subscription.PubSub.Name, subscription.Spec.Topic, (int)response.StatusCode);
            }

            return (answer, (int)response.StatusCode);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // A killed sidecar must not report the failure: nothing may be committed after the kill.
            sidecar.Gone.ThrowIfCancellationRequested();
            LogUnreachable(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            return (Answer.Retry, null);
        }
    }

    // As on Dapr, each delivery of a raw record has a new id.
    private byte[] WrapRaw(Record record) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        data_base64 = record.Value,
        datacontenttype = "application/octet-stream",
        id = Guid.NewGuid(),
        pubsubname = subscription.PubSub.Name,
        source = "Dapr",
        specversion = "1.0",
        topic = subscription.Spec.Topic,
        type = "com.dapr.event.sent",
    });

    [LoggerMessage(LogLevel.Error, "Dapr could not read the record of {PubSub}/{Topic}, partition {Partition}, offset {Offset}")]
    private partial void LogUnreadable(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Warning, "The app dropped an event of {PubSub}/{Topic}, partition {Partition}, offset {Offset}")]
    private partial void LogDropped(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Information, "The app asked to retry an event of {PubSub}/{Topic}, status {Status}")]
    private partial void LogRetry(string pubSub, string topic, int status);

    [LoggerMessage(LogLevel.Information, "An event of {PubSub}/{Topic} did not reach the app: {Failure}")]
    private partial void LogUnreachable(string pubSub, string topic, string failure);
}
