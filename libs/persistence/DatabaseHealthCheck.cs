using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace DaprOrders.ServiceDefaults;

/// <summary>Whether the database answers, and is migrated where the service does that by itself.</summary>
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
