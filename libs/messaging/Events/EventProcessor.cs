using DaprOrders.Persistence;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Handles the entries of one delivery: together in one transaction, and only if that fails by some event's fault, one by one. Every entry
/// gets its own status. An entry that cannot be handled becomes a dead letter and never holds up another.
/// </summary>
internal sealed partial class EventProcessor<TEvent, THandler>(
    IServiceScopeFactory scopes, FailureCounter failures, MessagingMetrics metrics, IOptions<MessagingOptions> options, ILogger<THandler> logger)
    where TEvent : IEvent
    where THandler : IHandleMessages<TEvent>
{
    private bool _isWaiting;

    public async Task<IReadOnlyList<BulkStatus>> ProcessAsync(IReadOnlyList<BulkEntry> entries, CancellationToken cancellationToken)
    {
        // RETRY until something better is known: whatever goes wrong below, nothing is lost.
        var status = entries.Select(_ => BulkDelivery.Retry).ToArray();
        try
        {
            await ProcessAsync(entries, status, cancellationToken);
            _isWaiting = false;
        }
        catch (Exception e) when (DatabaseErrors.IsTransient(e))
        {
            LogWaitingOnce(entries.Count, e.Message);
        }

        metrics.Retried(TEvent.Topic, status.Count(s => s == BulkDelivery.Retry));
        return entries.Select((entry, i) => new BulkStatus(entry.EntryId, status[i])).ToList();
    }

    private async Task ProcessAsync(IReadOnlyList<BulkEntry> entries, string[] status, CancellationToken cancellationToken)
    {
        var valid = new List<(int Entry, ReceivedEvent<TEvent> Event)>();
        for (var i = 0; i < entries.Count; i++)
        {
            if (CloudEvent.Read<TEvent>(entries[i].Event, out var reason) is { } received)
            {
                valid.Add((i, received));
                continue;
            }

            await StoreDeadLetterAsync(entries[i], CloudEvent.IdOf(entries[i].Event), reason, attempts: 1, cancellationToken);
            status[i] = BulkDelivery.Success;
        }

        if (valid.Count == 0)
        {
            return;
        }

        try
        {
            await HandleAsync(valid.ConvertAll(item => item.Event), cancellationToken);
            valid.ForEach(item => status[item.Entry] = BulkDelivery.Success);
        }
        catch (Exception e) when (!DatabaseErrors.IsTransient(e))
        {
            LogBatchFailed(e, valid.Count, TEvent.Topic);
            await HandleOneByOneAsync(entries, valid, status, cancellationToken);
        }
    }

    /// <summary>The first transient failure ends it, and what comes after an entry of the same key waits for that entry.</summary>
    private async Task HandleOneByOneAsync(
        IReadOnlyList<BulkEntry> entries, List<(int Entry, ReceivedEvent<TEvent> Event)> valid, string[] status, CancellationToken cancellationToken)
    {
        var waitingKeys = new HashSet<string>();
        foreach (var (entry, received) in valid.Where(item => !waitingKeys.Contains(item.Event.Message.Key)))
        {
            try
            {
                await HandleAsync([received], cancellationToken);
                failures.Forget(TEvent.Topic, received.Id);
                status[entry] = BulkDelivery.Success;
            }
            catch (Exception e) when (!DatabaseErrors.IsTransient(e))
            {
                var attempts = failures.Count(TEvent.Topic, received.Id);
                if (attempts < options.Value.MaxAttempts)
                {
                    waitingKeys.Add(received.Message.Key);
                    continue;
                }

                await StoreDeadLetterAsync(entries[entry], received.Id, $"{e.GetType().Name}: {e.Message}", attempts, cancellationToken);
                failures.Forget(TEvent.Topic, received.Id);
                status[entry] = BulkDelivery.Success;
            }
        }
    }

    /// <summary>
    /// One scope, one context, one transaction; nothing of it is used again after an exception. What is held as a dead letter is left out.
    /// </summary>
    private async Task HandleAsync(List<ReceivedEvent<TEvent>> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        db.Database.AutoSavepointsEnabled = false; // two statements in each batch, and nobody would go back to one
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var held = await DeadLetterStore.HeldAsync(db, TEvent.Topic, batch.ConvertAll(received => received.Id), cancellationToken);
        var messages = batch.Where(received => !held.Contains(received.Id)).Select(received => received.Message).ToList();
        if (messages.Count > 0)
        {
            await ActivatorUtilities.CreateInstance<THandler>(scope.ServiceProvider).HandleAsync(messages, cancellationToken);
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        metrics.Handled(TEvent.Topic, messages.Count);
    }

    private async Task StoreDeadLetterAsync(
        BulkEntry entry, string? eventId, string reason, int attempts, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<DbContext>();
        var body = entry.Bytes;
        var id = DeadLetterStore.IdOf(eventId, body);
        await DeadLetterStore.StoreIncomingAsync(db, TEvent.Topic, id, body, reason, attempts, cancellationToken);
        metrics.DeadLettered(TEvent.Topic, DeadLetterStore.Incoming);
        LogDeadLetter(id, TEvent.Topic, reason);
    }

    private void LogWaitingOnce(int count, string error)
    {
        if (!_isWaiting)
        {
            LogWaiting(count, TEvent.Topic, error);
        }

        _isWaiting = true;
    }

    [LoggerMessage(LogLevel.Warning, "{Count} events of {Topic} come again, since they cannot be handled now: {Error}")]
    private partial void LogWaiting(int count, string topic, string error);

    [LoggerMessage(LogLevel.Warning, "A batch of {Count} events of {Topic} failed, each is handled alone")]
    private partial void LogBatchFailed(Exception exception, int count, string topic);

    [LoggerMessage(LogLevel.Error, "Event {EventId} of {Topic} is now a dead letter: {Reason}")]
    private partial void LogDeadLetter(string eventId, string topic, string reason);
}
