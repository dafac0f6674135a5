using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Holds the error of the last attempt to migrate; null if it succeeded.</summary>
internal sealed class MigrationState
{
    public string? Failure { get; set; }
}

/// <summary>
/// Runs the migrations before the service listens. If the database is unavailable, it logs that once, lets the service start anyway and retries
/// every second.
/// </summary>
internal sealed partial class Migrator<TContext>(
    IServiceScopeFactory scopes, NpgsqlDataSource database, MigrationState state, TimeProvider time, ILogger<Migrator<TContext>> logger)
    : BackgroundService
    where TContext : DbContext
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs the migrations once and logs the result, for <c>--migrate</c>.</summary>
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
            await Task.Delay(Pause, time, stoppingToken);
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
            await db.MigrateAsync(cancellationToken); // seeds too
            if (isPending)
            {
                await db.ExecuteSqlRawAsync("ANALYZE", cancellationToken); // without statistics the first plans read whole tables
                database.Clear(); // only new sessions have new settings of the database
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

    [LoggerMessage(LogLevel.Warning, "Database unavailable, the migrations are retried every second: {Error}")]
    private partial void LogWaiting(string? error);

    [LoggerMessage(LogLevel.Error, "The database is not migrated: {Error}")]
    private partial void LogFailed(string? error);

    [LoggerMessage(LogLevel.Information, "The database is migrated")]
    private partial void LogMigrated();
}
