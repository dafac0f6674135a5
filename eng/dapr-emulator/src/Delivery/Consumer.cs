using DaprOrders.DaprEmulator.Broker;

namespace DaprOrders.DaprEmulator.Delivery;

/// <summary>Delivers the events of one subscription. Reads each partition in order and commits the offset after each delivery.</summary>
/// <param name="bulkLock">Limits Kafka to one bulk call at a time. Dapr's Kafka component has this limit for all its topics and partitions.</param>
internal sealed partial class Consumer(Subscription subscription, MessageBroker broker, SemaphoreSlim bulkLock) : IAsyncDisposable
{
    private const int MaxRecordsPerRead = 100;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private readonly ILogger _logger = subscription.Sidecar.Logger;
    private readonly SingleDelivery _single = new(subscription);
    private readonly BulkDelivery _bulk = new(subscription);
    private readonly ConsumerGroup _group = broker.Group(subscription.PubSub.Group, subscription.TopicName);
    private ConsumerGroup.Member? _member;

    public void Start() => _member = _group.Join(subscription.PubSub.StartsAtOldest, subscription.PubSub.IsVolatile, ConsumeAsync);

    public ValueTask DisposeAsync() => _member?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task ConsumeAsync(Partition partition, CancellationToken revoked)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(revoked, subscription.Sidecar.Stopped);
        var offset = _group.CommittedOffset(partition);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await partition.WaitForAsync(offset, stop.Token);
                await broker.WaitUntilReachableAsync(subscription.Sidecar.AppId, stop.Token);
                offset = subscription.Spec.Bulk is null
                    ? await DeliverSinglesAsync(partition, offset, stop.Token)
                    : await DeliverBatchAsync(partition, offset, stop.Token);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return; // uncommitted records are redelivered, to this instance or to another one
            }
            catch (Exception failure)
            {
                // For example an error of the file system. No record may stop its partition until the sidecar is restarted.
                LogRetried(failure, subscription.PubSub.Name, subscription.Spec.Topic, partition.Number);
                await Task.Delay(RetryDelay, subscription.Sidecar.Time, stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<long> DeliverSinglesAsync(Partition partition, long offset, CancellationToken stop)
    {
        foreach (var record in partition.Read(offset, MaxRecordsPerRead))
        {
            for (var redelivery = 1; !await _single.DeliverAsync(record, stop); redelivery++)
            {
                if (!await WaitForRedeliveryAsync(redelivery, 1, stop))
                {
                    break;
                }
            }

            if (!TryCommit(partition, record.Offset + 1))
            {
                return offset;
            }

            offset = record.Offset + 1;
            stop.ThrowIfCancellationRequested();
        }

        return offset;
    }

    private async Task<long> DeliverBatchAsync(Partition partition, long offset, CancellationToken stop)
    {
        var pubSub = subscription.PubSub;
        var max = subscription.Spec.Bulk!.MaxMessages ?? pubSub.BulkMessages;
        await WaitForFullBatchAsync(partition, offset + max, stop);
        var bulkCallLock = pubSub.IsKafka ? bulkLock : null;
        if (bulkCallLock is not null)
        {
            await bulkCallLock.WaitAsync(stop);
        }

        try
        {
            var batch = partition.Read(offset, max);
            var remaining = batch;
            for (var redelivery = 1; (remaining = await _bulk.DeliverAsync(remaining, stop)).Count > 0; redelivery++)
            {
                if (!await WaitForRedeliveryAsync(redelivery, remaining.Count, stop))
                {
                    break;
                }

                // Dapr's Kafka component retries the whole batch. The other components acknowledge each record.
                remaining = pubSub.IsKafka ? batch : remaining;
            }

            return batch.Count > 0 && TryCommit(partition, batch[^1].Offset + 1) ? batch[^1].Offset + 1 : offset;
        }
        finally
        {
            bulkCallLock?.Release();
        }
    }

    // Waits until the batch is full or its maximum wait time has passed.
    private async Task WaitForFullBatchAsync(Partition partition, long end, CancellationToken stop)
    {
        var wait = subscription.Spec.Bulk!.MaxAwaitMilliseconds is { } milliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : subscription.PubSub.BulkWait;
        if (partition.End >= end)
        {
            return;
        }

        using var timer = new CancellationTokenSource(wait, subscription.Sidecar.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stop);
        while (partition.End < end && !timer.IsCancellationRequested)
        {
            await partition.WaitForAsync(partition.End, linked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.ThrowIfCancellationRequested();
        }
    }

    private async Task<bool> WaitForRedeliveryAsync(int redelivery, int count, CancellationToken stop)
    {
        var pubSub = subscription.PubSub;
        if (pubSub.RedeliveryDelay is not { } delay || (pubSub.MaxRedeliveries >= 0 && redelivery > pubSub.MaxRedeliveries))
        {
            LogLost(count, pubSub.Name, subscription.Spec.Topic, pubSub.Type);
            return false;
        }

        await Task.Delay(delay, subscription.Sidecar.Time, stop);
        return true;
    }

    // A killed sidecar commits nothing, even if the app has handled the event. The same applies while the broker is unreachable: the records are
    // delivered again when it is reachable.
    private bool TryCommit(Partition partition, long offset)
    {
        subscription.Sidecar.Stopped.ThrowIfCancellationRequested();
        if (!broker.IsReachableFrom(subscription.Sidecar.AppId))
        {
            return false;
        }

        _group.Commit(partition, offset);
        return true;
    }

    [LoggerMessage(LogLevel.Error, "Lost {Count} events of {PubSub}/{Topic} after a failed delivery: {Type} does not redeliver them. Add an inbound retry policy")]
    private partial void LogLost(int count, string pubSub, string topic, string type);

    [LoggerMessage(LogLevel.Error, "Cannot deliver from {PubSub}/{Topic}, partition {Partition}, which is retried")]
    private partial void LogRetried(Exception failure, string pubSub, string topic, int partition);
}
