using Microsoft.EntityFrameworkCore;
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
/// second. Does not disturb what runs beside it: it waits for a lock for at most 2 s, because everything else would wait behind it, and takes none if
/// there is nothing to do.
/// </summary>
internal sealed partial class Migrator<TContext>(
    IServiceScopeFactory scopes, NpgsqlDataSource database, [FromKeyedServices(PostgresExtensions.MigrationsKey)] NpgsqlDataSource owner,
    MigrationState state, IHostEnvironment environment, TimeProvider time, ILogger<Migrator<TContext>> logger)
    : BackgroundService
    where TContext : DbContext
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLockWait = TimeSpan.FromSeconds(60);

    /// <summary>Long enough to build an index on a large table.</summary>
    private static readonly TimeSpan MaxStatementTime = TimeSpan.FromHours(6);

    /// <summary>Runs the migrations for <c>--migrate</c>. Retries for 60 s while other sessions lock a table. Logs the result and returns whether they succeeded.</summary>
    public async Task<bool> MigrateOnceAsync()
    {
        var began = time.GetTimestamp();
        while (await TryMigrateAsync(CancellationToken.None) is { } failure)
        {
            if (!IsLocked(failure) || time.GetElapsedTime(began) >= MaxLockWait)
            {
                LogFailed(state.Failure);
                return false;
            }

            LogLocked(state.Failure);
            await Task.Delay(RetryInterval, time);
        }

        LogMigrated();
        return true;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await TryMigrateAsync(cancellationToken) is not null)
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
        while (await TryMigrateAsync(stoppingToken) is not null);
        LogMigrated();
    }

    /// <summary>Runs the migrations, and returns the failure; null if they succeeded.</summary>
    private async Task<Exception?> TryMigrateAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await using var context = CreateContext(scope.ServiceProvider);
            context.Database.SetCommandTimeout(MaxStatementTime);
            var isPending = (await context.Database.GetPendingMigrationsAsync(cancellationToken)).Any();
            if (isPending || environment.IsDevelopment()) // sample stock is added even if a previous start was interrupted
            {
                await using var migrationLock = await MigrationLock.AcquireAsync(owner, cancellationToken);
                await InvalidIndexes.DropAsync(context.Model, owner, MaxStatementTime, cancellationToken);
                await context.Database.MigrateAsync(cancellationToken);
            }

            if (isPending)
            {
                // Without statistics the first queries scan whole tables.
                await context.Database.ExecuteSqlRawAsync("ANALYZE (SKIP_LOCKED)", cancellationToken);
                database.Clear(); // open connections do not have the settings that a migration has set
            }

            state.Failure = null;
            return null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var error = e.GetBaseException().Message; // EF Core wraps it
            state.Failure = IsLocked(e) ? $"{error}; {await LockHolders.DescribeAsync(database, cancellationToken)}" : error;
            return e;
        }
        finally
        {
            owner.Clear(); // only migrations need its connections, and one that failed may have another lock timeout
        }
    }

    /// <summary>Creates a context with the owner's connection, whose transactions wait for a lock for at most 2 s.</summary>
    private TContext CreateContext(IServiceProvider services)
    {
        var options = new DbContextOptionsBuilder<TContext>(services.GetRequiredService<DbContextOptions<TContext>>()).UseNpgsql(owner);
        return ActivatorUtilities.CreateInstance<TContext>(services, options.AddInterceptors(new MigrationLockTimeout()).Options);
    }

    private static bool IsLocked(Exception exception) =>
        DatabaseErrors.SqlStateOf(exception) is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected;

    [LoggerMessage(LogLevel.Warning, "Database unavailable, migrations will be retried every second: {Error}")]
    private partial void LogWaiting(string? error);

    [LoggerMessage(LogLevel.Warning, "Another session locks a table or migrates the database, the migrations will be retried: {Error}")]
    private partial void LogLocked(string? error);

    [LoggerMessage(LogLevel.Error, "Cannot migrate the database: {Error}")]
    private partial void LogFailed(string? error);

    [LoggerMessage(LogLevel.Information, "Database migrated")]
    private partial void LogMigrated();
}
