using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Resources;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Delivers one event per call and reads its status.</summary>
internal sealed partial class SingleDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>True if the record was handled, dropped or published to the dead-letter topic.</returns>
    public async Task<bool> DeliverAsync(Record record, CancellationToken stop)
    {
        if (!subscription.Spec.IsRaw && EventRecord.Read(record) is null)
        {
            LogUnreadable(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
            return await subscription.PublishDeadLetterAsync(record);
        }

        var body = subscription.Spec.IsRaw ? WrapRaw(record) : record.Value;
        var status = DeliveryStatus.Retry;
        await subscription.Policy.RunAsync(
            subscription.Sidecar.Time,
            async timeout =>
            {
                (status, var httpStatus) = await PostAsync(record, body, timeout);
                return new Attempt(status != DeliveryStatus.Retry, httpStatus);
            },
            stop);

        return status switch
        {
            DeliveryStatus.Success => true,
            DeliveryStatus.Drop => await DropAsync(record),
            _ => await subscription.PublishDeadLetterAsync(record),
        };
    }

    private async Task<bool> DropAsync(Record record)
    {
        LogDropped(subscription.PubSub.Name, subscription.Spec.Topic, record.Partition.Number, record.Offset);
        return !subscription.HasDeadLetterTopic || await subscription.PublishDeadLetterAsync(record);
    }

    private async Task<(DeliveryStatus Status, int? HttpStatus)> PostAsync(Record record, byte[] body, CancellationToken timeout)
    {
        var sidecar = subscription.Sidecar;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout, sidecar.Stopped);
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.App!.CreateUri(subscription.Spec.Route)) { Content = new ByteArrayContent(body) };
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
            var status = DeliveryStatusReader.ReadSingle((int)response.StatusCode, content);
            if (status == DeliveryStatus.Retry)
            {
                LogRetry(subscription.PubSub.Name, subscription.Spec.Topic, (int)response.StatusCode);
            }

            return (status, (int)response.StatusCode);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // If the sidecar was killed, do not report a failure: nothing may be committed after the kill.
            sidecar.Stopped.ThrowIfCancellationRequested();
            LogUnreachable(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            return (DeliveryStatus.Retry, null);
        }
    }

    // As on Dapr, each delivery of a raw record has a new event id.
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

    [LoggerMessage(LogLevel.Error, "Unreadable event in {PubSub}/{Topic}, partition {Partition}, offset {Offset}: publish JSON objects without numbers beyond a double")]
    private partial void LogUnreadable(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Warning, "The app dropped an event of {PubSub}/{Topic}, partition {Partition}, offset {Offset}")]
    private partial void LogDropped(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Information, "The app did not handle an event of {PubSub}/{Topic}: HTTP status {Status}")]
    private partial void LogRetry(string pubSub, string topic, int status);

    [LoggerMessage(LogLevel.Information, "Could not deliver an event of {PubSub}/{Topic} to the app: {Failure}")]
    private partial void LogUnreachable(string pubSub, string topic, string failure);
}
