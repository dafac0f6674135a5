using System.Diagnostics;
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
        var started = time.GetTimestamp();
        var items = entries.Select(entry => new Item(entry, MessagingSpans.StartProcess(TEvent.Topic, entry.Event))).ToList();
        try
        {
            await ProcessAsync(items, cancellationToken);
            _isUnavailable = false;
            handling.Recovered(TEvent.Topic);
        }
        catch (Exception e)
        {
            ReportUnavailable(e, items.Count(item => !item.IsDone));
            items.ForEach(item => item.Fail("redelivered", e.Message));
        }

        items.ForEach(item => item.Span?.Dispose());
        metrics.Delivered(TEvent.Topic, items.Count, items.Count(item => !item.IsDone), time.GetElapsedTime(started));
        return items.ConvertAll(item => new BulkStatus(item.Entry.EntryId, item.IsDone ? BulkDelivery.Success : BulkDelivery.Retry));
    }

    private async Task ProcessAsync(List<Item> items, CancellationToken cancellationToken)
    {
        var readable = new List<Item>();
        foreach (var item in items)
        {
            if (CloudEvent.Read<TEvent>(item.Entry.Event, out var reason) is { } received)
            {
                item.Event = received;
                MessagingSpans.Describe(item.Span, received.Id, received.Message.Key);
                readable.Add(item);
                continue;
            }

            await StoreDeadLetterAsync(item, reason, attempts: 1, cancellationToken);
        }

        if (readable.Count == 0)
        {
            return;
        }

        try
        {
            await HandleAsync(readable, cancellationToken);
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
        {
            LogBatchFailed(e, readable.Count, TEvent.Topic);
            await HandleOneByOneAsync(readable, cancellationToken);
        }
    }

    /// <summary>
    /// Handles each event in its own transaction. An event that fails is tried again after the others, and later events with its key wait for it. It
    /// becomes a dead letter within the delivery: while Dapr redelivers one event, all later events of its partition wait. A transient failure
    /// ends the loop, because the next events would fail too.
    /// </summary>
    private async Task HandleOneByOneAsync(List<Item> readable, CancellationToken cancellationToken)
    {
        for (var remaining = readable; remaining.Count > 0; remaining = remaining.FindAll(item => !item.IsDone))
        {
            var failedKeys = new HashSet<string>();
            foreach (var item in remaining)
            {
                if (failedKeys.Contains(item.Event.Message.Key) || !await TryHandleAsync(item, cancellationToken))
                {
                    failedKeys.Add(item.Event.Message.Key);
                }
            }
        }
    }

    /// <summary>Handles one event, and stores it as a dead letter if its last attempt fails. Returns false if it must be tried again.</summary>
    private async Task<bool> TryHandleAsync(Item item, CancellationToken cancellationToken)
    {
        try
        {
            item.Attempts++;
            await HandleAsync([item], cancellationToken);
            return true;
        }
        catch (Exception e) when (!DatabaseErrors.IsUnavailable(e))
        {
            if (item.Attempts < options.Value.MaxAttempts)
            {
                return false;
            }

            await StoreDeadLetterAsync(item, $"{e.GetType().Name}: {e.Message}", item.Attempts, cancellationToken);
            return true;
        }
    }

    /// <summary>Handles events in one transaction. Retries once after a duplicate, because the handler then finds the row that caused it.</summary>
    private async Task HandleAsync(List<Item> batch, CancellationToken cancellationToken)
    {
        try
        {
            await HandleInTransactionAsync(batch, cancellationToken);
        }
        catch (Exception e) when (DatabaseErrors.CauseOf(e) is FailureCause.Duplicate)
        {
            await HandleInTransactionAsync(batch, cancellationToken);
        }

        batch.ForEach(item => item.IsDone = true);
        metrics.Handled(TEvent.Topic, batch.Count);
    }

    /// <summary>Handles events in a new scope, because a context cannot be used again after a failed save.</summary>
    private async Task HandleInTransactionAsync(List<Item> batch, CancellationToken cancellationToken)
    {
        if (batch is [{ Span: { } span }])
        {
            Activity.Current = span; // until this method returns
        }

        await using var scope = scopes.CreateAsyncScope();
        using var fields = batch is [{ Event: var only }] ? logger.BeginScope(new Dictionary<string, object> { ["Key"] = only.Message.Key }) : null;
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        db.Database.AutoSavepointsEnabled = false; // nothing rolls back to a savepoint, and each costs two statements
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        HandledTraces.Set(TracesByKey(batch));
        var handler = ActivatorUtilities.CreateInstance<THandler>(scope.ServiceProvider);
        await handler.HandleAsync(batch.ConvertAll(item => item.Event.Message), cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static Dictionary<string, string> TracesByKey(List<Item> batch)
    {
        var traces = new Dictionary<string, string>(batch.Count);
        foreach (var item in batch)
        {
            if ((item.Span?.Id ?? item.Event.TraceParent) is { } trace)
            {
                traces[item.Event.Message.Key] = trace;
            }
        }

        return traces;
    }

    /// <summary>Stores a dead letter in its own transaction, because the transaction of the event was rolled back.</summary>
    private async Task StoreDeadLetterAsync(Item item, string reason, int attempts, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        var record = DeadLetterRecord.Read(item.Entry.Bytes);
        await DeadLetterStore.StoreIncomingAsync(db, TEvent.Topic, record, reason, attempts, cancellationToken);
        item.Fail("dead_lettered", reason);
        item.IsDone = true;
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

    /// <summary>An entry of the delivery. It is redelivered unless it is done, so that an unexpected failure loses no event.</summary>
    private sealed class Item(BulkEntry entry, Activity? span)
    {
        public BulkEntry Entry { get; } = entry;

        public Activity? Span { get; } = span;

        public ReceivedEvent<TEvent> Event { get; set; } = null!; // null only until the entry is read, and if it is unreadable

        public int Attempts { get; set; }

        /// <summary>Gets or sets whether the event was handled or stored as a dead letter.</summary>
        public bool IsDone { get; set; }

        public void Fail(string type, string description)
        {
            if (!IsDone)
            {
                MessagingSpans.Fail(Span, type, description);
            }
        }
    }
}
