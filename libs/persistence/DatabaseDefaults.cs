using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>
/// Settings of the service's database. They belong to the database, not to the connection string, because a pooler like PgBouncer rejects
/// start-up options.
/// </summary>
public static class DatabaseDefaults
{
    private static readonly (string Name, string Value)[] Settings =
    [
        ("idle_in_transaction_session_timeout", "10s"), // a frozen process loses its locks
        ("lock_timeout", "5s"),
        ("plan_cache_mode", "force_custom_plan"), // a plan made while a table was small would be kept when it has grown
    ];

    /// <summary>Sets the defaults for new sessions of the database that is migrated. Only its owner can; another role gets a warning.</summary>
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
                  RAISE WARNING 'only the owner of the database can set {name}'; -- the check at start reports it
                END $$
                """);
        }
    }

    /// <summary>Returns the settings that a session does not have, with the value that they should have.</summary>
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
