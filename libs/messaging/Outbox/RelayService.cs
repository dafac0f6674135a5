using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>
/// Runs the relay: at once when something was published, a moment later when much is, else every half second; slower, and deaf to signals,
/// while it backs off.
/// </summary>
internal sealed partial class RelayService(
    Relay relay, RelaySignal signal, IOptions<MessagingOptions> options, TimeProvider time, ILogger<RelayService> logger) : BackgroundService
{
    /// <summary>From so many events a second on, gathering a few costs nobody much time.</summary>
    private const int Busy = 400;

    /// <summary>Fewer in a call are no sign of that rate: two events may well come within a millisecond, and none after them.</summary>
    private const int Crowd = 10;

    private static readonly TimeSpan PauseWithoutDatabase = TimeSpan.FromSeconds(1);

    private long _lastMove = time.GetTimestamp();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var databaseIsAway = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // Not cancelled in the middle: a batch that the sidecar accepted is deleted, not sent again after the restart.
                var moved = await relay.RelayBatchAsync(CancellationToken.None);
                databaseIsAway = false;
                if (moved == 0)
                {
                    await RestAsync(stoppingToken);
                    continue;
                }

                var isBusy = moved >= Crowd && moved > Busy * time.GetElapsedTime(_lastMove).TotalSeconds;
                _lastMove = time.GetTimestamp();
                if (isBusy && moved < options.Value.BatchSize)
                {
                    await Task.Delay(options.Value.GatherTime, time, stoppingToken);
                }
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                if (!databaseIsAway)
                {
                    LogDatabaseAway(e.Message);
                }

                databaseIsAway = true;
                await Task.Delay(PauseWithoutDatabase * Jitter.Factor(), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private Task RestAsync(CancellationToken cancellationToken)
    {
        var poll = options.Value.PollInterval * Jitter.Factor();
        return relay.Pause is { Ticks: > 0 } pause
            ? Task.Delay(pause < poll ? pause : poll, time, cancellationToken)
            : signal.WaitAsync(poll, time, cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "The relay waits for the database: {Error}")]
    private partial void LogDatabaseAway(string error);
}
