using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Finds the sessions that keep a migration from its locks.</summary>
internal static class LockHolders
{
    /// <summary>
    /// Selects the sessions that hold locks on tables of this database, or the lock of the migrations, in a transaction that is older than the lock
    /// timeout of a migration. When the timeout is reported, it is too late for <c>pg_blocking_pids</c>. The name and the transaction of another
    /// role's session are null.
    /// </summary>
    private const string Sql =
        $"""
        SELECT format('process %s of role %s%s%s', pid, usename, ' (' || nullif(application_name, '') || ')', ' in a transaction since ' || xact_start)
        FROM pg_stat_activity
        WHERE coalesce(xact_start < now() - interval '2 s', true) AND pid <> pg_backend_pid() AND pid IN (
          SELECT pid FROM pg_locks LEFT JOIN pg_class ON pg_class.oid = relation
          WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND granted
            AND (relkind IN ('r', 'p') OR (locktype = 'advisory' AND objid = {MigrationLock.Key})))
        ORDER BY xact_start
        LIMIT 3
        """;

    /// <summary>Returns the sessions with the oldest transactions, for a log message.</summary>
    public static async Task<string> DescribeAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        try
        {
            await using var command = database.CreateCommand(Sql);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var holders = new List<string>();
            while (await reader.ReadAsync(cancellationToken))
            {
                holders.Add(reader.GetString(0));
            }

            return holders.Count == 0 ? "the other session has ended" : $"locked by {string.Join(", ", holders)}";
        }
        catch (NpgsqlException e)
        {
            return $"the other session is unknown: {e.Message}";
        }
    }
}
