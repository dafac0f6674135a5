using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace DaprOrders.ServiceDefaults;

/// <summary>Why the migrations have not run yet, or null.</summary>
internal sealed class MigrationState
{
    public string? Failure { get; set; }
}

/// <summary>
/// Runs the migrations before the service listens. If the database is not there yet, it says so once, lets the service start all the same
/// and tries again every second.
/// </summary>
internal sealed partial class Migrator<TContext>(
    IServiceScopeFactory scopes, MigrationState state, TimeProvider time, ILogger<Migrator<TContext>> logger) : BackgroundService
    where TContext : DbContext
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>For <c>--migrate</c>: says what came of it.</summary>
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
            await scope.ServiceProvider.GetRequiredService<TContext>().Database.MigrateAsync(cancellationToken);
            state.Failure = null;
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException || e.InnerException is NpgsqlException)
        {
            state.Failure = e.Message;
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The database is not there yet, trying again every second: {Error}")]
    private partial void LogWaiting(string? error);

    [LoggerMessage(LogLevel.Error, "The database is not migrated: {Error}")]
    private partial void LogFailed(string? error);

    [LoggerMessage(LogLevel.Information, "The database is there and migrated")]
    private partial void LogMigrated();
}
