using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests.Checks;

internal sealed record OrderRow(Guid Id, string Status, string? Key);

internal sealed record ReservationRow(Guid OrderId, string Outcome);

internal sealed record NotificationRow(Guid OrderId, string Outcome);

internal sealed record StockRow(string ItemId, long Initial, long Available, long Reserved);

internal sealed record DeadLetterRow(string Database, string Direction, string EventId, string Reason);

/// <summary>Contains the rows of the three databases that belong to orders of this run.</summary>
internal sealed record Snapshot(
    IReadOnlyList<OrderRow> Orders,
    IReadOnlyList<ReservationRow> Reservations,
    IReadOnlyList<NotificationRow> Notifications,
    IReadOnlyList<StockRow> Stock,
    IReadOnlyList<DeadLetterRow> DeadLetters,
    long OutboxRows)
{
    private static readonly string[] Databases = ["orders_db", "inventory_db", "notification_db"];

    /// <summary>Reads the rows of orders that were placed after <paramref name="since"/>.</summary>
    /// <remarks>
    /// A broker that has kept events of earlier runs delivers them too. Their orders have smaller ids, because UUIDs of version 7 contain the time.
    /// </remarks>
    public static async Task<Snapshot> ReadAsync(StackHost stack, DateTimeOffset since)
    {
        var firstId = FirstIdAt(since);
        var outboxRows = 0L;
        foreach (var database in Databases[..2])
        {
            outboxRows += (long)(await stack.QueryAsync(database, "SELECT count(*) FROM outbox"))!;
        }

        var deadLetters = new List<DeadLetterRow>();
        foreach (var database in Databases)
        {
            deadLetters.AddRange(await ReadAsync(
                stack, database, "SELECT direction, event_id, reason FROM dead_letters",
                row => new DeadLetterRow(database, row.GetString(0), row.GetString(1), row.GetString(2))));
        }

        return new Snapshot(
            await ReadAsync(
                stack, "orders_db", $"SELECT id, status, idempotency_key FROM orders WHERE id >= '{firstId}'",
                row => new OrderRow(row.GetGuid(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2))),
            await ReadAsync(
                stack, "inventory_db", $"SELECT order_id, outcome FROM reservations WHERE order_id >= '{firstId}'",
                row => new ReservationRow(row.GetGuid(0), row.GetString(1))),
            await ReadAsync(
                stack, "notification_db", $"SELECT order_id, outcome FROM notifications WHERE order_id >= '{firstId}'",
                row => new NotificationRow(row.GetGuid(0), row.GetString(1))),
            await ReadAsync(
                stack, "inventory_db",
                """
                SELECT item_id, initial::bigint, stock.available::bigint, coalesce(sum(quantity) FILTER (WHERE outcome = 'reserved'), 0)::bigint
                FROM stock LEFT JOIN reservations USING (item_id)
                GROUP BY item_id
                """,
                row => new StockRow(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))),
            deadLetters,
            outboxRows);
    }

    private static Guid FirstIdAt(DateTimeOffset time) => new($"{Guid.CreateVersion7(time).ToString()[..13]}-0000-0000-000000000000");

    private static async Task<List<T>> ReadAsync<T>(StackHost stack, string database, string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var source = NpgsqlDataSource.Create(stack.ConnectionString(database) + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
