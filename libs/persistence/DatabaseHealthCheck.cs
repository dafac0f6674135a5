using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Checks that the database responds and that the last migration did not fail.</summary>
internal sealed class DatabaseHealthCheck(NpgsqlDataSource database, MigrationState migrations) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("SELECT 1");
            await command.ExecuteNonQueryAsync(cancellationToken);
            return migrations.Failure is { } failure ? HealthCheckResult.Unhealthy(failure) : HealthCheckResult.Healthy();
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
    }
}
