using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>
/// Sets and checks the PostgreSQL settings that the service needs. They are stored in the database and not sent as start-up options, because
/// poolers such as PgBouncer reject those.
/// </summary>
public static class DatabaseDefaults
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("idle_in_transaction_session_timeout", "10s"), // a frozen process must not keep its locks
        ("lock_timeout", "5s"), // a request must fail before its caller gives up
        ("plan_cache_mode", "force_generic_plan"), // PostgreSQL must not plan a prepared statement again for each execution
        ("enable_seqscan", "off"), // a plan that was cached for a small table would still read the whole table after it has grown
        ("jit", "off"), // without sequential scans, a query that needs one looks so expensive that PostgreSQL would compile it
    ];

    /// <summary>Sets the settings for new sessions of the database. Only its owner can do that; another role gets a warning.</summary>
    public static void SetDatabaseDefaults(this MigrationBuilder migration)
    {
        ArgumentNullException.ThrowIfNull(migration);
        foreach (var (name, value) in Settings)
        {
            migration.Sql(
                $"""
                DO $$ BEGIN
                  EXECUTE format('ALTER DATABASE %I SET {name} = ''{value}''', current_database());
                EXCEPTION WHEN insufficient_privilege THEN
                  RAISE WARNING 'only the owner of the database can set {name}'; -- the service logs this at startup too
                END $$
                """);
        }
    }

    /// <summary>Returns whether a commit in this session returns before it is on disk. The role, the database, the server or the connection string can set it.</summary>
    internal static async Task<bool> LosesCommitsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SHOW synchronous_commit", connection);
        return await command.ExecuteScalarAsync(cancellationToken) is "off";
    }

    /// <summary>Returns the settings that differ in this session, with the actual and the expected value.</summary>
    internal static async Task<IReadOnlyList<string>> FindMissingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (var (name, value) in Settings)
        {
            await using var command = new NpgsqlCommand($"SHOW {name}", connection);
            var actual = (string?)await command.ExecuteScalarAsync(cancellationToken);
            if (actual != value)
            {
                missing.Add($"{name} is {actual} instead of {value}");
            }
        }

        return missing;
    }
}
