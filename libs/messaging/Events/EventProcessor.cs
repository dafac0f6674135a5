using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Handles the entries of a delivery in one transaction. If that fails because of an event, handles each entry alone. An entry that cannot be
/// handled becomes a dead letter and does not block the others. Each entry has its own status in the response.
/// </summary>
internal sealed partial class EventProcessor<TEvent, THandler>(
    IServiceScopeFactory scopes, HandlingStatus handling, MessagingMetrics metrics, IOptions<MessagingOptions> options,
    TimeProvider time, ILogger<THandler> logger)
    where TEvent : IEvent
    where THandler : IHandleMessages<TEvent>
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private bool _isUnavailable;
    private long? _loggedAt;

    /// <summary>Handles the entries. Throws nothing, because a response other than 200 would repeat the whole delivery indefinitely.</summary>
    public async Task<IReadOnlyList<BulkStatus>> ProcessAsync(IReadOnlyList<BulkEntry> entries, CancellationToken cancellationToken)
    {
        // Each entry starts as RETRY, so that an unexpected failure loses no event.
        var status = entries.Select(_ => BulkDelivery.Retry).ToArray();
        try
        {
            await ProcessAsync(entries, status, cancellationToken);
            _isUnavailable = false;
            handling.Recovered(TEvent.Topic);
        }
        catch (Exception e)
        {
            ReportUnavailable(e, status.Count(s => s == BulkDelivery.Retry));
        }

        metrics.Retried(TEvent.Topic, status.Count(s => s == BulkDelivery.Retry));
        return [.. entries.Select((entry, i) => new BulkStatus(entry.EntryId, status[i]))];
    }

    private async Task ProcessAsync(IReadOnlyList<BulkEntry> entries, string[] status, CancellationToken cancellationToken)
    {
        var readable = new List<Received>();
        for (var i = 0; i < entries.Count; i++)
        {
            if (CloudEvent.Read<TEvent>(entries[i].Event, out var reason) is { } received)
            {
                readable.Add(new Received(i, received));
                continue;
            }

            await StoreDeadLetterAsync(entries[i], reason, attempts: 1, cancellationToken);
            status[i] = BulkDelivery.Success;
        }

        if (readable.Count == 0)
        {
            return;
        }

        try
        {
            await HandleAsync(readable.ConvertAll(item => item.Event), cancellationToken);
            readable.ForEach(item => status[item.Index] = BulkDelivery.Success);
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
        {
            LogBatchFailed(e, readable.Count, TEvent.Topic);
            await HandleOneByOneAsync(entries, readable, status, cancellationToken);
        }
    }

    /// <summary>
    /// Handles each entry in its own transaction. An entry that fails is tried again after the others, and later entries with its key wait for it. It
    /// becomes a dead letter within the delivery: while Dapr redelivers one entry, all later events of its partition wait. A transient failure
    /// ends the loop, because the next entries would fail too.
    /// </summary>
    private async Task HandleOneByOneAsync(
        IReadOnlyList<BulkEntry> entries, List<Received> readable, string[] status, CancellationToken cancellationToken)
    {
        for (var remaining = readable; remaining.Count > 0;)
        {
            var failedKeys = new HashSet<string>();
            var failed = new List<Received>();
            foreach (var item in remaining)
            {
                if (!failedKeys.Contains(item.Event.Message.Key) && await TryHandleAsync(item, entries[item.Index], cancellationToken))
                {
                    status[item.Index] = BulkDelivery.Success;
                    continue;
                }

                failedKeys.Add(item.Event.Message.Key);
                failed.Add(item);
            }

            remaining = failed;
        }
    }

    /// <summary>Handles one event, and stores it as a dead letter if its last attempt fails. Returns false if it must be tried again.</summary>
    private async Task<bool> TryHandleAsync(Received item, BulkEntry entry, CancellationToken cancellationToken)
    {
        try
        {
            item.Attempts++;
            await HandleAsync([item.Event], cancellationToken);
            return true;
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
        {
            if (item.Attempts < options.Value.MaxAttempts)
            {
                return false;
            }

            await StoreDeadLetterAsync(entry, $"{e.GetType().Name}: {e.Message}", item.Attempts, cancellationToken);
            return true;
        }
    }

    /// <summary>Handles events in one transaction. Retries once after a duplicate, because the handler then finds the row that caused it.</summary>
    private async Task HandleAsync(List<ReceivedEvent<TEvent>> batch, CancellationToken cancellationToken)
    {
        try
        {
            await HandleInTransactionAsync(batch, cancellationToken);
        }
        catch (Exception e) when (DatabaseErrors.CauseOf(e) is FailureCause.Duplicate)
        {
            await HandleInTransactionAsync(batch, cancellationToken);
        }

        metrics.Handled(TEvent.Topic, batch.Count);
    }

    /// <summary>Handles events in a new scope, because a context cannot be used again after a failed save.</summary>
    private async Task HandleInTransactionAsync(List<ReceivedEvent<TEvent>> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        db.Database.AutoSavepointsEnabled = false; // nothing rolls back to a savepoint, and each costs two statements
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        HandledTraces.Set(TracesByKey(batch));
        var handler = ActivatorUtilities.CreateInstance<THandler>(scope.ServiceProvider);
        await handler.HandleAsync(batch.ConvertAll(received => received.Message), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static Dictionary<string, string> TracesByKey(List<ReceivedEvent<TEvent>> batch)
    {
        var traces = new Dictionary<string, string>(batch.Count);
        foreach (var received in batch.Where(received => received.TraceParent is not null))
        {
            traces[received.Message.Key] = received.TraceParent!;
        }

        return traces;
    }

    /// <summary>Stores a dead letter in its own transaction, because the transaction of the event was rolled back.</summary>
    private async Task StoreDeadLetterAsync(BulkEntry entry, string reason, int attempts, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        var record = DeadLetterRecord.Read(entry.Bytes);
        await DeadLetterStore.StoreIncomingAsync(db, TEvent.Topic, record, reason, attempts, cancellationToken);
        metrics.DeadLettered(TEvent.Topic, DeadLetterStore.Incoming);
        LogDeadLetter(record.EventId, TEvent.Topic, reason);
    }

    /// <summary>Logs transient failures once, and others once a minute. Those need an operator, and are reported as degraded.</summary>
    private void ReportUnavailable(Exception exception, int count)
    {
        if (DatabaseErrors.CauseOf(exception) is not FailureCause.Transient)
        {
            handling.Failed(TEvent.Topic, exception.Message);
            if (_loggedAt is not { } at || time.GetElapsedTime(at) >= LogInterval)
            {
                _loggedAt = time.GetTimestamp();
                LogNotDeployed(count, TEvent.Topic, exception.Message);
            }

            return;
        }

        if (!_isUnavailable)
        {
            LogUnavailable(count, TEvent.Topic, exception.Message);
        }

        _isUnavailable = true;
    }

    [LoggerMessage(LogLevel.Warning, "Database unavailable: {Count} events of {Topic} will be redelivered: {Error}")]
    private partial void LogUnavailable(int count, string topic, string error);

    [LoggerMessage(LogLevel.Error, "Cannot handle {Count} events of {Topic}, check the migrations and the permissions of the database role: {Error}")]
    private partial void LogNotDeployed(int count, string topic, string error);

    [LoggerMessage(LogLevel.Warning, "Batch of {Count} events of {Topic} failed, each event is handled alone")]
    private partial void LogBatchFailed(Exception exception, int count, string topic);

    [LoggerMessage(LogLevel.Error, "Event {CloudEventId} of {Topic} cannot be handled and was stored as a dead letter: {Reason}")]
    private partial void LogDeadLetter(string cloudEventId, string topic, string reason);

    /// <summary>An event that was read, with the index of its entry.</summary>
    private sealed record Received(int Index, ReceivedEvent<TEvent> Event)
    {
        public int Attempts { get; set; }
    }
}
