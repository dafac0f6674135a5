using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Checks that the database responds and has all migrations of this version. It may have those of a later version too.</summary>
internal sealed class DatabaseHealthCheck<TContext>(NpgsqlDataSource database, IServiceScopeFactory scopes, MigrationState migrations) : IHealthCheck
    where TContext : DbContext
{
    private bool _isMigrated;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("SELECT 1");
            await command.ExecuteNonQueryAsync(cancellationToken);
            if (migrations.Failure is { } failure)
            {
                return HealthCheckResult.Unhealthy(failure);
            }

            _isMigrated = _isMigrated || await IsMigratedAsync(cancellationToken);
            return _isMigrated ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("the database is not migrated; run the service with --migrate");
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }

    private async Task<bool> IsMigratedAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return !(await scope.ServiceProvider.GetRequiredService<TContext>().Database.GetPendingMigrationsAsync(cancellationToken)).Any();
    }
}
