using System.Collections.Concurrent;
using DaprOrders.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>The result of one batch.</summary>
/// <param name="Processed">The number of rows that were published, were refused, or must be sent again at once; 0 if the relay should wait.</param>
/// <param name="IsOutboxEmpty">Whether the outbox is now empty. Events that are committed later wake the relay.</param>
/// <param name="Position">The highest position of the published rows; null if none was published.</param>
internal sealed record RelayResult(int Processed, bool IsOutboxEmpty = false, long? Position = null)
{
    public static RelayResult Nothing { get; } = new(0);

    /// <summary>Gets the rows to delete: they were published or became dead letters.</summary>
    public IReadOnlyList<OutboxRow> Done { get; init; } = [];
}

/// <summary>
/// Publishes committed events at least once and in order per key. A row is deleted only after the sidecar has accepted it. If the process is
/// killed, the transaction rolls back and the next relay publishes the row, so no recovery step is needed.
/// </summary>
internal sealed partial class Relay(
    [FromKeyedServices(OutboxTable.DataSourceKey)] NpgsqlDataSource outbox,
    DaprBulkPublisher publisher,
    MessagingMetrics metrics,
    IOptions<MessagingOptions> options,
    TimeProvider time,
    ILogger<Relay> logger)
{
    /// <summary>An event becomes a dead letter after this number of refusals. With delays of up to 30 s that takes one hour.</summary>
    private const int MaxRefusals = 124;

    /// <summary>An error that lists no entry is treated as an outage. After this number of them, a single bad row may be the cause.</summary>
    private const int FailuresBeforeHalving = 3;

    private readonly ConcurrentDictionary<string, TopicBackoff> _topics = new();

    /// <summary>Gets the misconfigured topics with the error of the sidecar.</summary>
    public IEnumerable<string> ConfigurationErrors =>
        _topics.Where(topic => topic.Value.ConfigurationError is not null).Select(topic => $"{topic.Key}: {topic.Value.ConfigurationError}");

    /// <summary>Gets the time until the first paused topic can be retried; zero if no topic is paused.</summary>
    public TimeSpan Pause => _topics.Values.Select(topic => topic.Remaining).Where(pause => pause > TimeSpan.Zero).DefaultIfEmpty().Min();

    /// <summary>Publishes the oldest rows of one topic in one call.</summary>
    public async Task<RelayResult> RelayBatchAsync(CancellationToken cancellationToken)
    {
        await using var connection = await outbox.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var batch = await OutboxTable.LockAndReadAsync(connection, CreateLimits(), cancellationToken);
        var result = batch.Rows.Count == 0
            ? PauseSuspectedTopics(batch.IsWholeOutbox)
            : await PublishAsync(connection, batch, cancellationToken);
        await OutboxTable.DeleteAndCommitAsync(connection, result.Done, cancellationToken);
        return result;
    }

    /// <summary>Returns whether the outbox has rows. Does not take the relay's lock, so idle relays do not wait for each other.</summary>
    public Task<bool> HasWorkAsync(CancellationToken cancellationToken) => OutboxTable.AnyAsync(outbox, cancellationToken);

    public Task<(long Rows, TimeSpan OldestAge)> MeasureAsync(CancellationToken cancellationToken) => OutboxTable.MeasureAsync(outbox, cancellationToken);

    private BatchLimits CreateLimits() => new(
        [.. _topics.Where(topic => topic.Value.Remaining > TimeSpan.Zero).Select(topic => topic.Key)],
        [.. _topics.Values.Where(topic => topic.SuspectedRow is not null).Select(topic => topic.SuspectedRow!.Key)],
        _topics.Values.Select(topic => topic.BatchLimit).Append(options.Value.BatchSize).Min(),
        options.Value.BatchBytes);

    private async Task<RelayResult> PublishAsync(NpgsqlConnection connection, OutboxBatch batch, CancellationToken cancellationToken)
    {
        var topic = batch.Rows[0].Topic;
        var backoff = _topics.GetOrAdd(topic, _ => new TopicBackoff(time));
        var result = await SendAsync(topic, batch.Rows, cancellationToken);
        if (result.Outcome is PublishOutcome.Accepted)
        {
            return await HandleAcceptedAsync(connection, batch, backoff, cancellationToken);
        }

        switch (result.Outcome)
        {
            case PublishOutcome.Refused when result.Refused.Count < batch.Rows.Count:
                return await HandleRefusedAsync(connection, batch.Rows, result.Refused, backoff, cancellationToken);

            case PublishOutcome.Refused when batch.Rows.Count == 1:
                return HandleSingleRowFailure(batch.Rows[0], result.Error, backoff);

            case PublishOutcome.Unreadable when batch.Rows.Count == 1:
                await StoreDeadLetterAsync(connection, batch.Rows[0], result.Error, cancellationToken);
                backoff.Reset();
                return new RelayResult(1) { Done = batch.Rows };

            case PublishOutcome.Unreadable:
                backoff.HalveBatch(batch.Rows.Count);
                return new RelayResult(batch.Rows.Count);

            case PublishOutcome.Misconfigured:
                var isNew = backoff.ConfigurationError is null;
                backoff.Pause(configurationError: result.Error);
                if (isNew)
                {
                    LogMisconfigured(topic, result.Error);
                }

                return RelayResult.Nothing;

            case PublishOutcome.Unknown:
                backoff.PauseAfterUnknownOutcome();
                LogFirstFailure(topic, result.Error, backoff);
                return RelayResult.Nothing;

            case PublishOutcome.Failed when backoff.Failures >= FailuresBeforeHalving && batch.Rows.Count > 1:
                backoff.Pause();
                backoff.HalveBatch(batch.Rows.Count);
                return RelayResult.Nothing;

            case PublishOutcome.Failed when backoff.Failures >= FailuresBeforeHalving:
                return HandleSingleRowFailure(batch.Rows[0], result.Error, backoff);

            default: // an outage: the same rows are retried later
                backoff.Pause();
                LogFirstFailure(topic, result.Error, backoff);
                return RelayResult.Nothing;
        }
    }

    /// <summary>Publishes the rows in one call, which is traced and measured.</summary>
    private async Task<PublishResult> SendAsync(string topic, IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        using var span = MessagingSpans.StartSend(topic, rows);
        var started = time.GetTimestamp();
        var result = await publisher.PublishAsync(topic, rows, cancellationToken);
        var error = result.Outcome is PublishOutcome.Accepted ? null : SnakeCase.ToSnakeCase(result.Outcome);
        metrics.Sent(topic, rows.Count, time.GetElapsedTime(started), error);
        if (error is not null)
        {
            MessagingSpans.Fail(span, error, result.Error);
        }

        return result;
    }

    private async Task<RelayResult> HandleAcceptedAsync(NpgsqlConnection connection, OutboxBatch batch, TopicBackoff backoff, CancellationToken cancellationToken)
    {
        var topic = batch.Rows[0].Topic;
        List<OutboxRow> done = [.. batch.Rows];
        if (backoff.SuspectedRow is { } suspectedRow)
        {
            // The topic works, so the suspected row itself was the cause.
            done.AddRange(await HandleRefusalAsync(connection, suspectedRow, backoff.SuspectedError, cancellationToken));
        }
        else if (backoff.Failures > 0)
        {
            LogRecovered(topic);
        }

        backoff.Reset();
        return new RelayResult(batch.Rows.Count, batch.IsWholeOutbox, batch.Rows[^1].Position) { Done = done };
    }

    private async Task<RelayResult> HandleRefusedAsync(
        NpgsqlConnection connection, IReadOnlyList<OutboxRow> rows, IReadOnlyDictionary<int, string> errors, TopicBackoff backoff,
        CancellationToken cancellationToken)
    {
        var done = new List<OutboxRow>();
        foreach (var (index, error) in errors)
        {
            done.AddRange(await HandleRefusalAsync(connection, rows[index], error, cancellationToken));
        }

        backoff.Reset(); // the broker is available
        return new RelayResult(errors.Count) { Done = done };
    }

    /// <summary>Handles the failure of a call with one row. The next call sends a row with another key, to find out whether the row is the cause.</summary>
    private RelayResult HandleSingleRowFailure(OutboxRow row, string error, TopicBackoff backoff)
    {
        if (backoff.SuspectedRow is null)
        {
            backoff.SuspectRow(row, error);
            return new RelayResult(1);
        }

        backoff.Pause();
        LogFirstFailure(row.Topic, error, backoff);
        return RelayResult.Nothing;
    }

    /// <summary>Pauses the topics with a suspected row, because no row with another key is available to compare it with.</summary>
    private RelayResult PauseSuspectedTopics(bool isEmpty)
    {
        foreach (var (topic, backoff) in _topics.Where(topic => topic.Value.SuspectedRow is not null))
        {
            var error = backoff.SuspectedError;
            backoff.Pause();
            LogFirstFailure(topic, error, backoff);
        }

        return new RelayResult(0, isEmpty);
    }

    /// <summary>Schedules a retry of the row. Returns the row if it became a dead letter instead.</summary>
    private async Task<IReadOnlyList<OutboxRow>> HandleRefusalAsync(NpgsqlConnection connection, OutboxRow row, string error, CancellationToken cancellationToken)
    {
        if (row.Attempts >= MaxRefusals)
        {
            await StoreDeadLetterAsync(connection, row, error, cancellationToken);
            return [row];
        }

        await OutboxTable.RescheduleAsync(connection, row.Id, error, cancellationToken);
        LogRefused(row.Id, row.Topic, error);
        return [];
    }

    private async Task StoreDeadLetterAsync(NpgsqlConnection connection, OutboxRow row, string error, CancellationToken cancellationToken)
    {
        await DeadLetterStore.StoreOutgoingAsync(connection, row, error, cancellationToken);
        metrics.DeadLettered(row.Topic, DeadLetterStore.Outgoing);
        LogDeadLetter(row.Id, row.Topic, error);
    }

    private void LogFirstFailure(string topic, string error, TopicBackoff backoff)
    {
        if (backoff.Failures == 1)
        {
            LogOutage(topic, error);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Cannot publish to {Topic}, events stay in the outbox and are retried: {Error}")]
    private partial void LogOutage(string topic, string error);

    [LoggerMessage(LogLevel.Information, "Publishing to {Topic} has recovered")]
    private partial void LogRecovered(string topic);

    [LoggerMessage(LogLevel.Error, "Cannot publish to {Topic}, check the pub/sub component, its scopes and the API token: {Error}")]
    private partial void LogMisconfigured(string topic, string error);

    [LoggerMessage(LogLevel.Warning, "The broker refused event {CloudEventId} of {Topic}, which will be retried: {Error}")]
    private partial void LogRefused(Guid cloudEventId, string topic, string error);

    [LoggerMessage(LogLevel.Error, "Event {CloudEventId} of {Topic} cannot be published and was stored as a dead letter: {Error}")]
    private partial void LogDeadLetter(Guid cloudEventId, string topic, string error);
}
