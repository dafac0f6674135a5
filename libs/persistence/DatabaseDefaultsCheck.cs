using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>
/// Logs a warning at startup if the database does not have the settings of <see cref="DatabaseDefaults"/>, or if commits are not durable. The relay has
/// its own data source with the same connection string, so its sessions have the same settings.
/// </summary>
internal sealed partial class DatabaseDefaultsCheck(NpgsqlDataSource database, TimeProvider time, ILogger<DatabaseDefaultsCheck> logger)
    : BackgroundService
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await database.OpenConnectionAsync(stoppingToken);
                var missing = await DatabaseDefaults.FindMissingAsync(connection, stoppingToken);
                if (missing.Count > 0)
                {
                    LogMissing(string.Join(", ", missing));
                }

                if (await DatabaseDefaults.LosesCommitsAsync(connection, stoppingToken))
                {
                    LogLosesCommits();
                }

                return;
            }
            catch (Exception)
            {
                // The health check reports an unavailable database.
                await Task.Delay(RetryInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Database settings are wrong, run the migrations as the owner of the database: {Settings}")]
    private partial void LogMissing(string settings);

    [LoggerMessage(
        LogLevel.Warning,
        "synchronous_commit is off, a crash of PostgreSQL will lose committed rows: remove it from the role, the database, the connection string or the server")]
    private partial void LogLosesCommits();
}
