using Npgsql;

namespace DaprOrders.Persistence;

/// <summary>
/// Makes processes migrate a database one after the other. EF Core's own lock ends with each transaction, and a migration that creates an index
/// concurrently has none. The lock belongs to a transaction on a connection of its own, so it ends with the process, also behind PgBouncer.
/// </summary>
internal sealed class MigrationLock : IAsyncDisposable
{
    /// <summary>The key of the advisory lock. Only processes that migrate the same database use it.</summary>
    public const string Key = "20261130";

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private MigrationLock(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _connection = connection;
        _transaction = transaction;
    }

    /// <summary>Waits for the lock for at most 2 s, because an index that is created concurrently waits for every statement that runs.</summary>
    /// <exception cref="PostgresException">Another process migrates the database.</exception>
    public static async Task<MigrationLock> AcquireAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = new NpgsqlCommand(
                $"""
                SET LOCAL lock_timeout = '2s';
                SELECT pg_advisory_xact_lock({Key});
                SET LOCAL idle_in_transaction_session_timeout = 0 -- last: the snapshot of a SELECT is kept until the next statement, and an index would wait for it
                """,
                connection,
                transaction);
            await command.ExecuteNonQueryAsync(cancellationToken);
            return new MigrationLock(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
