using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Runs the relay after each commit, and otherwise every <see cref="MessagingOptions.PollInterval"/>. While a topic is paused, commits do not
/// wake the relay. An exception does not end it; repeated exceptions are logged once.
/// </summary>
internal sealed partial class RelayService(
    Relay relay, OutboxModel model, OutboxStatus status, RelaySignal signal, IOptions<MessagingOptions> options, TimeProvider time,
    ILogger<RelayService> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromSeconds(5);

    private readonly BatchDelayPolicy _batchDelay = new(time);
    private long? _measuredAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!model.HasOutbox)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (status.Failure is null)
                {
                    LogFailed(e.Message);
                }

                status.Failure = e.Message;
                await Task.Delay(RetryDelay * TopicBackoff.Jitter(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        // Not canceled at shutdown: the rows of a published batch must be deleted. Otherwise they are published again after the restart.
        var result = await relay.RelayBatchAsync(CancellationToken.None);
        await MeasureAsync(cancellationToken);
        status.Failure = null; // before the wait, which does not end while the outbox is empty
        if (result.Position is { } position && _batchDelay.ShouldDelay(position))
        {
            await WaitForMoreEventsAsync(result, cancellationToken);
        }
        else if (result.Processed == 0 || result.IsOutboxEmpty)
        {
            await WaitForWorkAsync(cancellationToken);
        }
    }

    private Task WaitForMoreEventsAsync(RelayResult result, CancellationToken cancellationToken) =>
        result.Processed < options.Value.BatchSize ? Task.Delay(options.Value.BatchDelay, time, cancellationToken) : Task.CompletedTask;

    /// <summary>Waits for a commit of this instance, for rows that polling finds, or for the end of a pause.</summary>
    private async Task WaitForWorkAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var poll = options.Value.PollInterval * TopicBackoff.Jitter();
            if (relay.Pause is { Ticks: > 0 } pause)
            {
                await Task.Delay(pause < poll ? pause : poll, time, cancellationToken);
                return;
            }

            if (await signal.WaitAsync(poll, time, cancellationToken) || await relay.HasWorkAsync(cancellationToken))
            {
                return;
            }

            await MeasureAsync(cancellationToken);
        }
    }

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        if (_measuredAt is { } at && time.GetElapsedTime(at) < MeasureInterval)
        {
            return;
        }

        var (rows, oldestAge) = await relay.MeasureAsync(cancellationToken);
        status.Update(rows, oldestAge);
        _measuredAt = time.GetTimestamp();
    }

    [LoggerMessage(LogLevel.Warning, "The relay failed and will retry: {Error}")]
    private partial void LogFailed(string error);
}
