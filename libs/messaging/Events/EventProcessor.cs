using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Handles the entries of one delivery: together in one transaction, and one by one if that fails because of an event. Every entry gets its own
/// status. An entry that cannot be handled becomes a dead letter and does not block the others.
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
        // RETRY until something better is known: whatever fails below, nothing is lost.
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

    /// <summary>Ends at the first failure that passes. Later entries of the key of a failed entry wait for it.</summary>
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

    /// <summary>Handles events in one transaction. If another transaction has written the same rows first, it retries once, and then finds them.</summary>
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

    /// <summary>Uses its own scope and context, of which nothing is reused after an exception.</summary>
    private async Task HandleInTransactionAsync(List<ReceivedEvent<TEvent>> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        db.Database.AutoSavepointsEnabled = false; // two statements per batch, and nothing rolls back to a savepoint
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

    /// <summary>Stores a dead letter in its own transaction, after the one of the event was rolled back.</summary>
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

    [LoggerMessage(LogLevel.Error, "{Count} events of {Topic} will be redelivered, check the migrations and the rights of the database role: {Error}")]
    private partial void LogNotDeployed(int count, string topic, string error);

    [LoggerMessage(LogLevel.Warning, "A batch of {Count} events of {Topic} failed, each event is now handled alone")]
    private partial void LogBatchFailed(Exception exception, int count, string topic);

    [LoggerMessage(LogLevel.Error, "Event {EventId} of {Topic} is now a dead letter: {Reason}")]
    private partial void LogDeadLetter(string eventId, string topic, string reason);
}
