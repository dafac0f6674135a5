using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>
/// Runs the relay: at once after a commit, otherwise every <see cref="MessagingOptions.PollInterval"/>. While a topic backs off, commits do not
/// wake it. An exception never ends it: it is logged once until it passes.
/// </summary>
internal sealed partial class RelayService(
    Relay relay, OutboxModel model, OutboxStatus status, RelaySignal signal, IOptions<MessagingOptions> options, TimeProvider time,
    ILogger<RelayService> logger) : BackgroundService
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(1);
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
                await Task.Delay(PauseAfterFailure * TopicBackoff.Jitter(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        // Not canceled in the middle: a batch that the sidecar has accepted is deleted, not published again after the restart.
        var result = await relay.RelayBatchAsync(CancellationToken.None);
        await MeasureAsync(cancellationToken);
        status.Failure = null; // before it rests, which an idle relay does indefinitely
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

    /// <summary>Waits until something was published here, or until there are rows that another instance has written or the broker has refused.</summary>
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

    [LoggerMessage(LogLevel.Warning, "The relay cannot work and retries: {Error}")]
    private partial void LogFailed(string error);
}
