using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Holds the error of the last migration attempt; null if it succeeded.</summary>
internal sealed class MigrationState
{
    public string? Failure { get; set; }
}

/// <summary>
/// Runs the migrations before the service listens. If the database is unavailable, logs a warning, lets the service start, and retries every
/// second.
/// </summary>
internal sealed partial class Migrator<TContext>(
    IServiceScopeFactory scopes, NpgsqlDataSource database, MigrationState state, TimeProvider time, ILogger<Migrator<TContext>> logger)
    : BackgroundService
    where TContext : DbContext
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    /// <summary>Runs the migrations once, for <c>--migrate</c>. Logs the result and returns whether they succeeded.</summary>
    public async Task<bool> MigrateOnceAsync()
    {
        var isMigrated = await TryMigrateAsync(CancellationToken.None);
        if (isMigrated)
        {
            LogMigrated();
        }
        else
        {
            LogFailed(state.Failure);
        }

        return isMigrated;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!await TryMigrateAsync(cancellationToken))
        {
            LogWaiting(state.Failure);
            await base.StartAsync(cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        do
        {
            await Task.Delay(RetryInterval, time, stoppingToken);
        }
        while (!await TryMigrateAsync(stoppingToken));
        LogMigrated();
    }

    private async Task<bool> TryMigrateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<TContext>().Database;
            var isPending = (await db.GetPendingMigrationsAsync(cancellationToken)).Any();
            await MigrateAsync(db, cancellationToken);
            if (isPending)
            {
                await db.ExecuteSqlRawAsync("ANALYZE", cancellationToken); // without statistics the first queries scan whole tables
                database.Clear(); // open connections do not have the settings that a migration has set
            }

            state.Failure = null;
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException || e.InnerException is NpgsqlException)
        {
            state.Failure = e.Message;
            return false;
        }
    }

    /// <summary>
    /// Runs the migrations and seeds the database. Another process can migrate it at the same time. EF Core releases its lock after each
    /// migration, so both may run the next one, and one of them fails. It succeeds when it retries, because the migration is then applied.
    /// </summary>
    private static async Task MigrateAsync(DatabaseFacade db, CancellationToken cancellationToken)
    {
        while (true)
        {
            var pending = (await db.GetPendingMigrationsAsync(cancellationToken)).Count();
            try
            {
                await db.MigrateAsync(cancellationToken);
                return;
            }
            catch (PostgresException)
            {
                if ((await db.GetPendingMigrationsAsync(cancellationToken)).Count() >= pending)
                {
                    throw;
                }
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Database unavailable, migrations will be retried every second: {Error}")]
    private partial void LogWaiting(string? error);

    [LoggerMessage(LogLevel.Error, "Cannot migrate the database: {Error}")]
    private partial void LogFailed(string? error);

    [LoggerMessage(LogLevel.Information, "Database migrated")]
    private partial void LogMigrated();
}
