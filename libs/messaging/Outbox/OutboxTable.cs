using System.Text;
using Npgsql;

namespace DaprOrders.Messaging;

/// <summary>A row as the relay reads it.</summary>
internal sealed record OutboxRow(long Position, Guid Id, string Topic, string Key, string Data, string? TraceParent, int Attempts);

/// <summary>The rows of the next call, all of one topic.</summary>
/// <param name="Rows">At most one row per key, oldest first.</param>
/// <param name="IsWholeOutbox">Whether these are all rows of the outbox.</param>
internal sealed record OutboxBatch(IReadOnlyList<OutboxRow> Rows, bool IsWholeOutbox);

/// <summary>What a batch may contain.</summary>
/// <param name="ExcludedTopics">The topics that back off.</param>
/// <param name="ExcludedKeys">The keys of single rows that are suspected, see <see cref="TopicBackoff"/>.</param>
/// <param name="MaxRows">How many rows.</param>
/// <param name="MaxBytes">How many bytes of data; a larger row is read alone.</param>
internal sealed record BatchLimits(string[] ExcludedTopics, string[] ExcludedKeys, int MaxRows, int MaxBytes);

/// <summary>The relay's SQL. It is written by hand: each clause is part of a promise.</summary>
internal static class OutboxTable
{
    /// <summary>The key of the relay's own data source.</summary>
    public const string DataSourceKey = "outbox";

    /// <summary>
    /// Takes the relay's lock and reads the next batch. One relay per database works at a time, so that events of one key are published in the
    /// order of their commits. The lock ends with the transaction: a relay that dies or freezes loses it with its session.
    /// </summary>
    /// <remarks>The lock is taken in its own statement, so that the SELECT sees what the previous holder committed.</remarks>
    private static readonly string[] LockAndReadSql =
    [
        "SET LOCAL idle_in_transaction_session_timeout = '10s'",
        "SET LOCAL lock_timeout = '5s'",
        "SELECT pg_advisory_xact_lock(hashtext('outbox'))",
        """
        WITH ready AS NOT MATERIALIZED (
          SELECT * FROM outbox candidate
          WHERE not_before <= now() AND topic <> ALL ($1) AND key <> ALL ($2)
            AND NOT EXISTS (
              SELECT FROM outbox earlier
              WHERE earlier.topic = candidate.topic AND earlier.key = candidate.key AND earlier.position < candidate.position))
        SELECT position, id, topic, key, data, trace_parent, attempts
        FROM ready
        WHERE topic = (SELECT topic FROM ready ORDER BY position LIMIT 1)
        ORDER BY position
        LIMIT $3
        """,
        // Enough to know whether there are more rows than in the batch.
        "SELECT count(*), current_setting('transaction_read_only') = 'on' FROM (SELECT FROM outbox LIMIT $1) AS oldest",
    ];

    /// <summary>
    /// Creates the relay's data source. It uses TCP keepalive instead of Npgsql's, whose queries would keep the transaction of a frozen process
    /// alive.
    /// </summary>
    public static NpgsqlDataSource CreateDataSource(string connectionString) =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "outbox relay",
            CommandTimeout = 15,
            KeepAlive = 0,
            TcpKeepAlive = true,
            MaxPoolSize = 2,
            NoResetOnClose = true,
            MaxAutoPrepare = 10,
        });

    /// <summary>Reads the next batch under the relay's lock, in the transaction of the connection.</summary>
    /// <exception cref="InvalidOperationException">The database is read-only: a published row could not be deleted, and would be published repeatedly.</exception>
    public static async Task<OutboxBatch> LockAndReadAsync(NpgsqlConnection connection, BatchLimits limits, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var sql in LockAndReadSql)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
        }

        batch.BatchCommands[3].Parameters.Add(new() { Value = limits.ExcludedTopics });
        batch.BatchCommands[3].Parameters.Add(new() { Value = limits.ExcludedKeys });
        batch.BatchCommands[3].Parameters.Add(new() { Value = limits.MaxRows });
        batch.BatchCommands[4].Parameters.Add(new() { Value = limits.MaxRows + 1 });

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var rows = new List<OutboxRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new OutboxRow(
                reader.GetInt64(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                await reader.IsDBNullAsync(5, cancellationToken) ? null : reader.GetString(5), reader.GetInt32(6)));
        }

        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        if (reader.GetBoolean(1))
        {
            throw new InvalidOperationException("The database is read-only.");
        }

        var fitting = LimitBytes(rows, limits.MaxBytes);
        return new OutboxBatch(fitting, IsWholeOutbox: fitting.Count == reader.GetInt64(0));
    }

    /// <summary>Returns whether the outbox has rows. It reads by position, as batches are read, so that it passes over deleted rows cheaply.</summary>
    public static async Task<bool> AnyAsync(NpgsqlDataSource outbox, CancellationToken cancellationToken)
    {
        await using var any = outbox.CreateCommand("SELECT true FROM outbox ORDER BY position LIMIT 1");
        return await any.ExecuteScalarAsync(cancellationToken) is true;
    }

    /// <summary>Returns how many rows wait, and the age of the oldest.</summary>
    public static async Task<(long Rows, TimeSpan OldestAge)> MeasureAsync(NpgsqlDataSource outbox, CancellationToken cancellationToken)
    {
        await using var measure = outbox.CreateCommand("SELECT count(*), coalesce(now() - min(created_at), interval '0') FROM outbox");
        await using var reader = await measure.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), reader.GetTimeSpan(1));
    }

    public static async Task DeleteAsync(NpgsqlConnection connection, IEnumerable<OutboxRow> rows, CancellationToken cancellationToken)
    {
        await using var delete = new NpgsqlCommand("DELETE FROM outbox WHERE id = ANY ($1)", connection)
        {
            Parameters = { new() { Value = rows.Select(row => row.Id).ToArray() } },
        };
        await delete.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Counts a refusal. The row waits for 1 s after the first one, doubled up to 30 s; later rows of its key wait with it.</summary>
    public static async Task RescheduleAsync(NpgsqlConnection connection, Guid id, string error, CancellationToken cancellationToken)
    {
        await using var update = new NpgsqlCommand(
            """
            UPDATE outbox
            SET attempts = attempts + 1, last_error = $2, not_before = now() + least(30, power(2, least(attempts, 5))) * interval '1 s'
            WHERE id = $1
            """,
            connection)
        {
            Parameters = { new() { Value = id }, new() { Value = error } },
        };
        await update.ExecuteNonQueryAsync(cancellationToken);
    }

    private static List<OutboxRow> LimitBytes(List<OutboxRow> rows, int maxBytes)
    {
        var fitting = new List<OutboxRow>(rows.Count);
        var bytes = 0;
        foreach (var row in rows)
        {
            bytes += Encoding.UTF8.GetByteCount(row.Data);
            if (bytes > maxBytes && fitting.Count > 0)
            {
                break;
            }

            fitting.Add(row);
        }

        return fitting;
    }
}
