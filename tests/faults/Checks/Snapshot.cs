using DaprOrders.Faults.Tests.Load;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Faults.Tests.Checks;

internal sealed record OrderRow(Guid Id, OrderContent Content, string Status, string? Reason, string? Key, DateTimeOffset CreatedAt);

internal sealed record ReservationRow(Guid OrderId, OrderContent Content, string Outcome, string? Reason, DateTimeOffset CreatedAt);

internal sealed record NotificationRow(Guid OrderId, OrderContent Content, string Outcome, string? Reason);

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
                stack, "orders_db", $"SELECT id, item_id, quantity, status, reason, idempotency_key, created_at FROM orders WHERE id >= '{firstId}'",
                row => new OrderRow(row.GetGuid(0), ContentOf(row), row.GetString(3), TextOf(row, 4), TextOf(row, 5), row.GetFieldValue<DateTimeOffset>(6))),
            await ReadAsync(
                stack, "inventory_db", $"SELECT order_id, item_id, quantity, outcome, reason, created_at FROM reservations WHERE order_id >= '{firstId}'",
                row => new ReservationRow(row.GetGuid(0), ContentOf(row), row.GetString(3), TextOf(row, 4), row.GetFieldValue<DateTimeOffset>(5))),
            await ReadAsync(
                stack, "notification_db", $"SELECT order_id, item_id, quantity, outcome, reason FROM notifications WHERE order_id >= '{firstId}'",
                row => new NotificationRow(row.GetGuid(0), ContentOf(row), row.GetString(3), TextOf(row, 4))),
            await ReadAsync(
                stack, "inventory_db",
                """
                SELECT item_id, coalesce(initial, 0)::bigint, coalesce(stock.available, 0)::bigint,
                  coalesce(sum(quantity) FILTER (WHERE outcome = 'reserved'), 0)::bigint
                FROM stock FULL JOIN reservations USING (item_id)
                GROUP BY item_id, initial, stock.available
                """,
                row => new StockRow(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3))),
            deadLetters,
            outboxRows);
    }

    private static OrderContent ContentOf(NpgsqlDataReader row) => new(row.GetString(1), row.GetInt32(2));

    private static string? TextOf(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

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
