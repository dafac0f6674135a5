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
    IServiceScopeFactory scopes, FailureCounter failures, HandlingStatus handling, MessagingMetrics metrics, IOptions<MessagingOptions> options,
    TimeProvider time, ILogger<THandler> logger)
    where TEvent : IEvent
    where THandler : IHandleMessages<TEvent>
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);

    private bool _isUnavailable;
    private long? _loggedNotDeployed;

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
        catch (Exception e) when (DatabaseErrors.IsUnavailable(e))
        {
            ReportUnavailable(e, status.Count(s => s == BulkDelivery.Retry));
        }

        metrics.Retried(TEvent.Topic, status.Count(s => s == BulkDelivery.Retry));
        return [.. entries.Select((entry, i) => new BulkStatus(entry.EntryId, status[i]))];
    }

    private async Task ProcessAsync(IReadOnlyList<BulkEntry> entries, string[] status, CancellationToken cancellationToken)
    {
        var readable = new List<(int Entry, ReceivedEvent<TEvent> Event)>();
        for (var i = 0; i < entries.Count; i++)
        {
            if (CloudEvent.Read<TEvent>(entries[i].Event, out var reason) is { } received)
            {
                readable.Add((i, received));
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
            readable.ForEach(item => status[item.Entry] = BulkDelivery.Success);
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
        {
            LogBatchFailed(e, readable.Count, TEvent.Topic);
            await HandleOneByOneAsync(entries, readable, status, cancellationToken);
        }
    }

    /// <summary>
    /// Handles each entry in its own transaction. After a failed entry, later entries with its key are skipped to keep their order. A transient
    /// failure ends the loop, because the next entries would fail too.
    /// </summary>
    private async Task HandleOneByOneAsync(
        IReadOnlyList<BulkEntry> entries, List<(int Entry, ReceivedEvent<TEvent> Event)> readable, string[] status, CancellationToken cancellationToken)
    {
        var failedKeys = new HashSet<string>();
        foreach (var (entry, received) in readable.Where(item => !failedKeys.Contains(item.Event.Message.Key)))
        {
            try
            {
                await HandleAsync([received], cancellationToken);
                failures.Reset(TEvent.Topic, received.Id);
                status[entry] = BulkDelivery.Success;
            }
            catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
            {
                var attempts = failures.Count(TEvent.Topic, received.Id);
                if (attempts < options.Value.MaxAttempts)
                {
                    failedKeys.Add(received.Message.Key);
                    continue;
                }

                await StoreDeadLetterAsync(entries[entry], $"{e.GetType().Name}: {e.Message}", attempts, cancellationToken);
                failures.Reset(TEvent.Topic, received.Id);
                status[entry] = BulkDelivery.Success;
            }
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

    private void ReportUnavailable(Exception exception, int count)
    {
        if (DatabaseErrors.CauseOf(exception) is FailureCause.NotDeployed)
        {
            handling.Failed(TEvent.Topic, exception.Message);
            if (_loggedNotDeployed is not { } at || time.GetElapsedTime(at) >= LogInterval)
            {
                _loggedNotDeployed = time.GetTimestamp();
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

    [LoggerMessage(LogLevel.Warning, "Batch of {Count} events of {Topic} failed, each event will be handled alone")]
    private partial void LogBatchFailed(Exception exception, int count, string topic);

    [LoggerMessage(LogLevel.Error, "Event {CloudEventId} of {Topic} cannot be handled and was stored as a dead letter: {Reason}")]
    private partial void LogDeadLetter(string cloudEventId, string topic, string reason);
}
