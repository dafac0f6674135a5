using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>Finds what an interrupted <c>CREATE INDEX CONCURRENTLY</c> has left: an index that PostgreSQL maintains but does not use.</summary>
internal static class InvalidIndexes
{
    private const string Sql =
        """
        SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE NOT indisvalid AND relname = ANY ($1) AND pg_table_is_visible(indexrelid)
        """;

    /// <summary>Drops the invalid indexes of the model. Call it while no other process migrates, because an index that is being created is invalid too.</summary>
    public static async Task DropAsync(IModel model, NpgsqlDataSource database, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var names = model.GetEntityTypes().SelectMany(type => type.GetIndexes()).Select(index => index.GetDatabaseName()!).ToArray();
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var invalid = new List<string>();
        await using (var command = new NpgsqlCommand(Sql, connection) { Parameters = { new NpgsqlParameter { Value = names } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                invalid.Add(reader.GetString(0));
            }
        }

        foreach (var name in invalid)
        {
            await using var command = new NpgsqlCommand("SET lock_timeout = 0", connection);
            await command.ExecuteNonQueryAsync(cancellationToken); // it waits for open transactions, but blocks none
            (command.CommandText, command.CommandTimeout) = ($"DROP INDEX CONCURRENTLY IF EXISTS {name}", (int)timeout.TotalSeconds);
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
