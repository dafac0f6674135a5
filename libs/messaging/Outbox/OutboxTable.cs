using System.Text;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>A row as the relay reads it.</summary>
internal sealed record OutboxRow(long Position, Guid Id, string Topic, string Key, string Data, string? TraceParent, int Attempts);

/// <summary>The relay's SQL. Written by hand, since it runs for every event and each word of it is a promise.</summary>
internal static class OutboxTable
{
    /// <summary>The key of the relay's own data source.</summary>
    public const string DataSourceKey = "outbox";

    private const string InsertSql =
        """
        INSERT INTO outbox (id, topic, key, data, trace_parent, attempts)
        SELECT id, topic, key, data::json, trace_parent, 0
        FROM unnest({0}, {1}, {2}, {3}, {4}) AS message (id, topic, key, data, trace_parent)
        ON CONFLICT (id) DO NOTHING
        """;

    /// <summary>
    /// Opens connections that a frozen relay loses: PostgreSQL ends a session that sits in a transaction for ten seconds, and its lock with it.
    /// No keepalive queries: Npgsql sends them in transactions too, and each would start the ten seconds anew.
    /// </summary>
    public static NpgsqlDataSource CreateDataSource(string connectionString) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "outbox relay",
            CommandTimeout = 15,
            MaxPoolSize = 2,
            NoResetOnClose = true,
            MaxAutoPrepare = 10,
            Options = "-c idle_in_transaction_session_timeout=10000 -c enable_seqscan=off", // see Database.Defaults for the latter
        });

    /// <summary>
    /// Writes messages by one statement, in the context's transaction, in their order. One that is still there is left as it is: it is the same
    /// fact, and is on its way.
    /// </summary>
    public static Task InsertAsync(DbContext db, List<OutboxMessage> messages, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlRawAsync(InsertSql, Columns(messages), cancellationToken);

    /// <inheritdoc cref="InsertAsync"/>
    public static void Insert(DbContext db, List<OutboxMessage> messages) => db.Database.ExecuteSqlRaw(InsertSql, Columns(messages));

    /// <summary>
    /// Reads the next batch under the relay's lock, which lasts until the transaction ends. One relay at a time, so per key events are handed
    /// over in the order of their commits; a relay that dies or freezes loses the lock with its session.
    /// </summary>
    /// <remarks>
    /// The lock is taken in a statement of its own, so that the SELECT after it sees what the previous holder committed. FOR UPDATE would
    /// wait inside the SELECT, with an older snapshot: a row could overtake an earlier one of its key that was refused meanwhile. It would
    /// also write every row once more.
    /// </remarks>
    /// <returns>The rows, at least one if any can be sent now; and whether these are all.</returns>
    public static async Task<(List<OutboxRow> Rows, bool AreAll)> LockAndReadAsync(
        NpgsqlConnection connection, string[] pausedTopics, int limit, int maxBytes, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("SELECT pg_advisory_xact_lock(hashtext('outbox'))"),
                new NpgsqlBatchCommand(
                    """
                    SELECT position, id, topic, key, data, trace_parent, attempts
                    FROM outbox
                    WHERE not_before <= now() AND topic <> ALL ($1)
                      AND NOT EXISTS (
                        SELECT FROM outbox refused
                        WHERE refused.attempts > 0 AND refused.key = outbox.key
                          AND refused.position < outbox.position AND refused.not_before > now())
                    ORDER BY position
                    LIMIT $2
                    """)
                {
                    Parameters = { new() { Value = pausedTopics }, new() { Value = limit } },
                },
            },
        };

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var rows = new List<OutboxRow>();
        var bytes = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            var row = new OutboxRow(
                reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                reader.IsDBNull(5) ? null : reader.GetString(5), reader.GetInt32(6));
            bytes += Encoding.UTF8.GetByteCount(row.Data);
            if (bytes > maxBytes && rows.Count > 0)
            {
                return (rows, AreAll: false);
            }

            rows.Add(row);
        }

        return (rows, AreAll: rows.Count < limit);
    }

    /// <summary>Whether any row is there.</summary>
    public static async Task<bool> AnyAsync(NpgsqlDataSource outbox, CancellationToken cancellationToken)
    {
        // By position, as the batches are read: the entries of deleted rows are then marked as such already, and passed over.
        await using var any = outbox.CreateCommand("SELECT true FROM outbox ORDER BY position LIMIT 1");
        return await any.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static object[] Columns(List<OutboxMessage> messages) =>
    [
        messages.ConvertAll(message => message.Id), messages.ConvertAll(message => message.Topic), messages.ConvertAll(message => message.Key),
        messages.ConvertAll(message => message.Data), messages.ConvertAll(message => message.TraceParent),
    ];

    public static async Task DeleteAsync(NpgsqlConnection connection, IEnumerable<OutboxRow> rows, CancellationToken cancellationToken)
    {
        await using var delete = new NpgsqlCommand("DELETE FROM outbox WHERE position = ANY ($1)", connection)
        {
            Parameters = { new() { Value = rows.Select(row => row.Position).ToArray() } },
        };
        await delete.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Counts a refusal and puts the row back for <c>2^attempts</c> seconds, at most 30; later rows of its key wait with it.</summary>
    public static async Task PutBackAsync(
        NpgsqlConnection connection, OutboxRow row, string error, CancellationToken cancellationToken)
    {
        await using var update = new NpgsqlCommand(
            """
            UPDATE outbox
            SET attempts = attempts + 1, last_error = $2, not_before = now() + least(30, power(2, least(attempts, 5))) * interval '1 s'
            WHERE position = $1
            """,
            connection)
        {
            Parameters = { new() { Value = row.Position }, new() { Value = error } },
        };
        await update.ExecuteNonQueryAsync(cancellationToken);
    }
}
