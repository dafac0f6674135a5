using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>
/// Publishes committed events in order, at least once. A row is deleted only after the sidecar accepted it; a crash anywhere rolls back and
/// leaves the row for the next relay, so there is no lease, no owner and nothing to recover.
/// </summary>
internal sealed partial class Relay(
    [FromKeyedServices(OutboxTable.DataSourceKey)] NpgsqlDataSource outbox,
    DaprBulkPublisher publisher,
    MessagingMetrics metrics,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<Relay> logger)
{
    /// <summary>How many refusals make an hour, when every second one doubles the pause up to 30 s.</summary>
    private const int AnHourOfRefusals = 124;

    /// <summary>Errors without a named entry that are taken for an outage, before they are taken for a bad row.</summary>
    private const int FailuresBeforeHalving = 3;

    private readonly ConcurrentDictionary<string, TopicBackoff> _topics = new();

    /// <summary>Gets the topics that the sidecar does not take because something is configured wrongly, with its words.</summary>
    public IEnumerable<string> Misconfigured =>
        _topics.Where(topic => topic.Value.Misconfigured is not null).Select(topic => $"{topic.Key}: {topic.Value.Misconfigured}");

    /// <summary>Gets how long nothing can be sent on some topic: zero when every topic is open.</summary>
    public TimeSpan Pause
    {
        get
        {
            var now = time.GetUtcNow();
            var pauses = _topics.Values.Select(topic => topic.PausedUntil - now).Where(pause => pause > TimeSpan.Zero);
            return pauses.DefaultIfEmpty(TimeSpan.Zero).Min();
        }
    }

    /// <summary>Gets whether the last batch was all that there was, and all of it left: what came since then has woken the relay.</summary>
    public bool IsDrained { get; private set; }

    /// <summary>Gets the highest position that was read. It grows with every event of every instance, whichever relay takes it.</summary>
    public long LastPosition { get; private set; }

    /// <summary>Hands the oldest rows to the sidecar.</summary>
    /// <returns>The number of rows that left the outbox or were put back: 0 when there was nothing to do, or nothing could be done.</returns>
    public async Task<int> RelayBatchAsync(CancellationToken cancellationToken)
    {
        await using var connection = await outbox.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        (var batch, IsDrained) = await OutboxTable.LockAndReadAsync(
            connection, PausedTopics(), Limit(), options.Value.BatchBytes, cancellationToken);

        if (batch.Count > 0)
        {
            LastPosition = Math.Max(LastPosition, batch[^1].Position);
        }

        var moved = 0;
        foreach (var topic in batch.GroupBy(row => row.Topic))
        {
            moved += await RelayTopicAsync(connection, topic.Key, topic.ToList(), cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return moved;
    }

    /// <summary>Looks, without the relay's lock, whether there is anything in the outbox. An idle relay need not do more.</summary>
    public Task<bool> HasWorkAsync(CancellationToken cancellationToken) => OutboxTable.AnyAsync(outbox, cancellationToken);

    private async Task<int> RelayTopicAsync(
        NpgsqlConnection connection, string topic, List<OutboxRow> rows, CancellationToken cancellationToken)
    {
        var state = _topics.GetOrAdd(topic, _ => new TopicBackoff(time));
        var answer = await publisher.PublishAsync(topic, rows, cancellationToken);
        if (answer.Outcome is not PublishOutcome.Accepted)
        {
            IsDrained = false;
            metrics.PublishFailed(topic);
        }

        switch (answer.Outcome)
        {
            case PublishOutcome.Accepted:
                if (state.IsFailing)
                {
                    LogPassedAgain(topic);
                }

                state.Passed();
                metrics.Published(topic, rows.Count);
                await OutboxTable.DeleteAsync(connection, rows, cancellationToken);
                return rows.Count;

            case PublishOutcome.Refused:
                return await PutBackRefusedAsync(connection, topic, rows, answer.Refused, state, cancellationToken);

            case PublishOutcome.Misconfigured:
                if (state.Misconfigured is null)
                {
                    LogMisconfigured(topic, answer.Error);
                }

                state.Pause(misconfigured: answer.Error);
                return 0;

            case PublishOutcome.Unknown:
                LogOnce(topic, answer.Error, state.PauseAfterUnknown());
                return 0;

            case PublishOutcome.Unreadable:
                return await HalveAsync(connection, rows, answer.Error, state, cancellationToken);

            case PublishOutcome.Unreachable:
                LogOnce(topic, answer.Error, state.Pause());
                return 0;

            default:
                var failures = state.Pause();
                LogOnce(topic, answer.Error, failures);
                return failures >= FailuresBeforeHalving
                    ? await HalveAsync(connection, rows, answer.Error, state, cancellationToken)
                    : 0;
        }
    }

    private async Task<int> PutBackRefusedAsync(
        NpgsqlConnection connection, string topic, List<OutboxRow> rows, IReadOnlyDictionary<Guid, string> errors, TopicBackoff state,
        CancellationToken cancellationToken)
    {
        var refused = rows.Where(row => errors.ContainsKey(row.Id)).ToList();
        var dead = refused.Where(row => IsUnacceptable(errors[row.Id]) || row.Attempts >= AnHourOfRefusals).ToList();
        if (dead.Count == 0 && refused.Count == rows.Count)
        {
            // The broker took nothing at all, so it is the broker, and no event is to blame.
            LogOnce(topic, errors.Values.First(), state.Pause());
            return 0;
        }

        foreach (var row in dead)
        {
            metrics.DeadLettered(topic, DeadLetterStore.Outgoing);
            LogDead(row.Id, topic, errors[row.Id]);
            await DeadLetterStore.StoreOutgoingAsync(connection, row, errors[row.Id], cancellationToken);
        }

        await OutboxTable.DeleteAsync(connection, dead, cancellationToken);
        foreach (var row in refused.Except(dead))
        {
            LogRefused(row.Id, topic, errors[row.Id]);
            await OutboxTable.PutBackAsync(connection, row, errors[row.Id], cancellationToken);
        }

        return refused.Count;
    }

    private async Task<int> HalveAsync(
        NpgsqlConnection connection, List<OutboxRow> rows, string error, TopicBackoff state, CancellationToken cancellationToken)
    {
        state.Halve(rows.Count);
        if (rows.Count > 1)
        {
            return rows.Count;
        }

        LogRefused(rows[0].Id, rows[0].Topic, error);
        await OutboxTable.PutBackAsync(connection, rows[0], error, cancellationToken);
        return 1;
    }

    private string[] PausedTopics()
    {
        var now = time.GetUtcNow();
        return _topics.Where(topic => topic.Value.PausedUntil > now).Select(topic => topic.Key).ToArray();
    }

    private int Limit() => _topics.Values.Select(topic => topic.Limit).Append(options.Value.BatchSize).Min();

    /// <summary>Whether the broker's words say that it will never take this message, as Kafka's do when one is too large.</summary>
    private static bool IsUnacceptable(string error) =>
        error.Contains("larger than configured", StringComparison.OrdinalIgnoreCase)
        || error.Contains("too large", StringComparison.OrdinalIgnoreCase);

    private void LogOnce(string topic, string error, int failures)
    {
        if (failures == 1)
        {
            LogOutage(topic, error);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Events of {Topic} wait in the outbox, since they cannot be handed over: {Error}")]
    private partial void LogOutage(string topic, string error);

    [LoggerMessage(LogLevel.Information, "Events of {Topic} are handed over again")]
    private partial void LogPassedAgain(string topic);

    [LoggerMessage(LogLevel.Error, "Events of {Topic} wait in the outbox until component, scopes or token are put right: {Error}")]
    private partial void LogMisconfigured(string topic, string error);

    [LoggerMessage(LogLevel.Warning, "The broker refused event {EventId} of {Topic}, it is tried again: {Error}")]
    private partial void LogRefused(Guid eventId, string topic, string error);

    [LoggerMessage(LogLevel.Error, "The broker will not take event {EventId} of {Topic}, it is now a dead letter: {Error}")]
    private partial void LogDead(Guid eventId, string topic, string error);
}
