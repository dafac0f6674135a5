using System.Net.Http.Headers;
using System.Text.Json;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Publishing;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Hands over one event per call and reads the app's answer.</summary>
internal sealed partial class SingleDelivery(Subscription subscription)
{
    private readonly ILogger _logger = subscription.Sidecar.Logger;

    /// <returns>True when the record is done with: handled, dropped or buried. False: it failed.</returns>
    public async Task<bool> DeliverAsync(Record record, CancellationToken stop)
    {
        var spec = subscription.Spec;
        var body = spec.IsRaw ? WrapRaw(record) : record.Value;
        using var envelope = spec.IsRaw ? JsonDocument.Parse(body) : EventRecord.Parse(record);
        if (envelope is null)
        {
            LogNoJson(subscription.PubSub.Name, spec.Topic, record.Partition.Number, record.Offset);
            return await subscription.BuryAsync(record);
        }

        var answer = Answer.Retry;
        await subscription.Policy.RunAsync(
            subscription.Sidecar.Time,
            async timeout =>
            {
                (answer, var status) = await PostAsync(record, body, timeout);
                return new Resources.Attempt(answer != Answer.Retry, status);
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
            // A sidecar that was killed says nothing more, above all not that this was a failure.
            sidecar.Gone.ThrowIfCancellationRequested();
            LogUnreachable(subscription.PubSub.Name, subscription.Spec.Topic, failure.Message);
            return (Answer.Retry, null);
        }
    }

    // A new id at every delivery, as with the runtime: such events can't be told apart by it.
    private byte[] WrapRaw(Record record)
    {
        using var output = new JsonBuffer((record.Value.Length * 4 / 3) + 256);
        using var json = new Utf8JsonWriter(output);
        json.WriteStartObject();
        json.WriteBase64String("data_base64", record.Value);
        json.WriteString("datacontenttype", "application/octet-stream");
        json.WriteString("id", Guid.NewGuid());
        json.WriteString("pubsubname", subscription.PubSub.Name);
        json.WriteString("source", "Dapr");
        json.WriteString("specversion", "1.0");
        json.WriteString("topic", subscription.Spec.Topic);
        json.WriteString("type", "com.dapr.event.sent");
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }

    [LoggerMessage(LogLevel.Error, "record of {PubSub}/{Topic}, partition {Partition}, offset {Offset} is no JSON object")]
    private partial void LogNoJson(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Warning, "the app dropped an event of {PubSub}/{Topic}, partition {Partition}, offset {Offset}")]
    private partial void LogDropped(string pubSub, string topic, int partition, long offset);

    [LoggerMessage(LogLevel.Information, "the app asked for an event of {PubSub}/{Topic} again, status {Status}")]
    private partial void LogRetry(string pubSub, string topic, int status);

    [LoggerMessage(LogLevel.Information, "an event of {PubSub}/{Topic} did not reach the app: {Failure}")]
    private partial void LogUnreachable(string pubSub, string topic, string failure);
}
