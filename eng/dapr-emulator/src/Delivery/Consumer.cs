using DaprOrders.DaprEmulator.Broker;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Consumes one subscription: reads each partition in order, and commits a position after its delivery.</summary>
/// <param name="bulkTurn">Dapr's Kafka component has one bulk call in flight over all its topics and partitions.</param>
internal sealed partial class Consumer(Subscription subscription, MessageBroker broker, SemaphoreSlim bulkTurn) : IAsyncDisposable
{
    private const int ReadAhead = 100;
    private readonly ILogger _logger = subscription.Sidecar.Logger;
    private readonly SingleDelivery _single = new(subscription);
    private readonly BulkDelivery _bulk = new(subscription);
    private readonly ConsumerGroup _group = broker.Group(subscription.PubSub.Group, subscription.TopicName);
    private ConsumerGroup.Member? _member;

    public void Start() => _member = _group.Join(subscription.PubSub.StartsAtOldest, subscription.PubSub.IsVolatile, ConsumeAsync);

    public ValueTask DisposeAsync() => _member?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task ConsumeAsync(Partition partition, CancellationToken revoked)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(revoked, subscription.Sidecar.Gone);
        var position = _group.Position(partition);
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await partition.WaitForAsync(position, stop.Token);
                position = subscription.Spec.Bulk is null
                    ? await DeliverSinglesAsync(partition, position, stop.Token)
                    : await DeliverBatchAsync(partition, position, stop.Token);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Uncommitted records are redelivered, here or by another instance.
        }
        catch (Exception failure)
        {
            LogStopped(failure, subscription.PubSub.Name, subscription.Spec.Topic, partition.Number);
        }
    }

    private async Task<long> DeliverSinglesAsync(Partition partition, long position, CancellationToken stop)
    {
        foreach (var record in partition.Read(position, ReadAhead))
        {
            for (var redelivery = 1; !await _single.DeliverAsync(record, stop); redelivery++)
            {
                if (!await WaitForRedeliveryAsync(redelivery, 1, stop))
                {
                    break;
                }
            }

            position = record.Offset + 1;
            Commit(partition, position);
            stop.ThrowIfCancellationRequested();
        }

        return position;
    }

    private async Task<long> DeliverBatchAsync(Partition partition, long position, CancellationToken stop)
    {
        var pubSub = subscription.PubSub;
        var max = subscription.Spec.Bulk!.MaxMessages ?? pubSub.BulkMessages;
        await FillAsync(partition, position + max, stop);
        var turn = pubSub.IsKafka ? bulkTurn : null;
        if (turn is not null)
        {
            await turn.WaitAsync(stop);
        }

        try
        {
            var batch = partition.Read(position, max);
            var open = batch;
            for (var redelivery = 1; (open = await _bulk.DeliverAsync(open, stop)).Count > 0; redelivery++)
            {
                if (!await WaitForRedeliveryAsync(redelivery, open.Count, stop))
                {
                    break;
                }

                // Dapr's Kafka component retries the whole batch; the others acknowledge single records.
                open = pubSub.IsKafka ? batch : open;
            }

            position = batch.Count == 0 ? position : batch[^1].Offset + 1;
            Commit(partition, position);
            return position;
        }
        finally
        {
            turn?.Release();
        }
    }

    // Waits until the batch is full or its time is over.
    private async Task FillAsync(Partition partition, long full, CancellationToken stop)
    {
        var wait = subscription.Spec.Bulk!.MaxAwaitMilliseconds is { } milliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : subscription.PubSub.BulkWait;
        if (partition.End >= full)
        {
            return;
        }

        using var timer = new CancellationTokenSource(wait, subscription.Sidecar.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        while (partition.End < full && !timer.IsCancellationRequested)
        {
            await partition.WaitForAsync(partition.End, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> WaitForRedeliveryAsync(int redelivery, int count, CancellationToken stop)
    {
        var pubSub = subscription.PubSub;
        if (pubSub.RedeliveryPause is not { } pause || (pubSub.MaxRedeliveries >= 0 && redelivery > pubSub.MaxRedeliveries))
        {
            LogLost(count, pubSub.Name, subscription.Spec.Topic, pubSub.Type);
            return false;
        }

        await Task.Delay(pause, subscription.Sidecar.Time, stop);
        return true;
    }

    // A killed sidecar commits nothing, even when the app has answered.
    private void Commit(Partition partition, long position)
    {
        subscription.Sidecar.Gone.ThrowIfCancellationRequested();
        _group.Commit(partition, position);
    }

    [LoggerMessage(LogLevel.Error, "Lost {Count} event(s) of {PubSub}/{Topic} that failed, as {Type} does")]
    private partial void LogLost(int count, string pubSub, string topic, string type);

    [LoggerMessage(LogLevel.Critical, "Delivery of {PubSub}/{Topic}, partition {Partition} has stopped")]
    private partial void LogStopped(Exception failure, string pubSub, string topic, int partition);
}
