using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>
/// Runs the relay: at once when an event was published, a moment later while many are, else every half second; slower, and regardless of
/// published events, while it backs off.
/// </summary>
internal sealed partial class RelayService(
    OutboxModel model, Relay relay, RelaySignal signal, IOptions<MessagingOptions> options, TimeProvider time, ILogger<RelayService> logger)
    : BackgroundService
{
    /// <summary>From so many events a second on, gathering a few costs nobody much time.</summary>
    private const int Busy = 400;

    /// <summary>Fewer in a call are no sign of that rate: two events may well come within a millisecond, and none after them.</summary>
    private const int Crowd = 10;

    private static readonly TimeSpan PauseWhileUnavailable = TimeSpan.FromSeconds(1);

    private long _lastMove = time.GetTimestamp();
    private long _lastPosition;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!model.HasOutbox)
        {
            return;
        }

        var isUnavailable = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Not cancelled in the middle: a batch that the sidecar accepted is deleted, not sent again after the restart.
                var moved = await relay.RelayBatchAsync(CancellationToken.None);
                isUnavailable = false;
                if (IsBusy(moved))
                {
                    await GatherAsync(moved, stoppingToken);
                }
                else if (moved == 0 || relay.IsDrained)
                {
                    await RestAsync(stoppingToken);
                }
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                if (!isUnavailable)
                {
                    LogUnavailable(e.Message);
                }

                isUnavailable = true;
                await Task.Delay(PauseWhileUnavailable * Jitter.Factor(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Whether many events are published, by all instances together: if each relay counted its own, it would take singly, for want of many,
    /// what the relay of another instance lets gather.
    /// </summary>
    private bool IsBusy(int moved)
    {
        if (moved == 0)
        {
            return false;
        }

        var events = relay.LastPosition - _lastPosition;
        var seconds = time.GetElapsedTime(_lastMove).TotalSeconds;
        (_lastPosition, _lastMove) = (relay.LastPosition, time.GetTimestamp());
        return events >= Crowd && events > Busy * seconds;
    }

    private Task GatherAsync(int moved, CancellationToken cancellationToken) =>
        moved < options.Value.BatchSize ? Task.Delay(options.Value.GatherTime, time, cancellationToken) : Task.CompletedTask;

    /// <summary>Waits until something was published here, or until there is something that was published elsewhere or put back.</summary>
    private async Task RestAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var poll = options.Value.PollInterval * Jitter.Factor();
            if (relay.Pause is { Ticks: > 0 } pause)
            {
                await Task.Delay(pause < poll ? pause : poll, time, cancellationToken);
                return;
            }

            if (await signal.WaitAsync(poll, time, cancellationToken) || await relay.HasWorkAsync(cancellationToken))
            {
                return;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Database unavailable, the relay retries until it responds: {Error}")]
    private partial void LogUnavailable(string error);
}
