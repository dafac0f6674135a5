using Microsoft.EntityFrameworkCore.Migrations;

namespace DaprOrders.Persistence;

/// <summary>
/// Changes indexes while other sessions read and write the table. Such a change runs outside a transaction, and waits for the transactions that were open
/// when it began, but no other session waits for it. Put these changes into a migration of their own: if it is interrupted, it is repeated.
/// </summary>
public static class ConcurrentIndexes
{
    /// <summary>Creates an index unless it exists. What an interrupted attempt has left is dropped before the migrations run.</summary>
    public static void CreateIndexConcurrently(this MigrationBuilder migration, string name, string table, string columns, string? filter = null, bool isUnique = false)
    {
        ArgumentNullException.ThrowIfNull(migration);
        migration.RunConcurrently($"CREATE {(isUnique ? "UNIQUE " : "")}INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({columns}){(filter is null ? "" : $" WHERE {filter}")}");
    }

    /// <summary>Drops an index if it exists.</summary>
    public static void DropIndexConcurrently(this MigrationBuilder migration, string name)
    {
        ArgumentNullException.ThrowIfNull(migration);
        migration.RunConcurrently($"DROP INDEX CONCURRENTLY IF EXISTS {name}");
    }

    /// <summary>The lock timeout of the database would end the wait for an open transaction, and with it the work of hours.</summary>
    private static void RunConcurrently(this MigrationBuilder migration, string sql)
    {
        migration.Sql("SET lock_timeout = 0", suppressTransaction: true);
        migration.Sql(sql, suppressTransaction: true);
        migration.Sql("RESET lock_timeout", suppressTransaction: true);
    }
}
