using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>
/// Inserts rows that are between a year and a minute old. Their ids are UUIDs of version 7, like those of the services, so that new ids follow them in
/// the indexes. One order in a hundred was rejected.
/// </summary>
internal static class OldRows
{
    /// <summary>The number of rows of one statement. A longer one would keep the write-ahead log from being recycled.</summary>
    private const int Chunk = 1_000_000;

    private const int RejectedEvery = 100;

    public static async Task AddAsync(Databases databases, int rows)
    {
        await AddOrdersAsync(databases.Orders, rows);
        await AddReservationsAsync(databases.Inventory, rows);
        await AddNotificationsAsync(databases.Notifications, rows);
    }

    public static Task AddOrdersAsync(NpgsqlDataSource database, int rows) => AddAsync(
        database, rows, "orders",
        $"""
        INSERT INTO orders (id, item_id, quantity, status, reason, owner, idempotency_key, created_at, next_sweep_at, sweeps)
        SELECT id, item, 1, CASE WHEN n % {RejectedEvery} = 0 THEN 'rejected' ELSE 'confirmed' END, CASE WHEN n % {RejectedEvery} = 0 THEN 'out_of_stock' END,
          '', key, at, at + interval '30 s', 0
        """);

    public static Task AddReservationsAsync(NpgsqlDataSource database, int rows) => AddAsync(
        database, rows, "reservations",
        """
        INSERT INTO reservations (order_id, item_id, quantity, outcome, available, event_id, created_at)
        SELECT id, item, 1, 'reserved', 1, key, at
        """);

    public static Task AddNotificationsAsync(NpgsqlDataSource database, int rows) => AddAsync(
        database, rows, "notifications",
        """
        INSERT INTO notifications (id, order_id, item_id, quantity, outcome, created_at)
        SELECT key, id, item, 1, 'reserved', at
        """);

    private static async Task AddAsync(NpgsqlDataSource database, int rows, string table, string insert)
    {
        // A random UUID of version 4 becomes one of version 7: the first 12 digits are the time in milliseconds, the 13th is the version.
        const string uuid7 = "overlay(translate(gen_random_uuid()::text, '-', '') placing lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' FROM 1)::uuid";
        await using var connection = await database.OpenConnectionAsync();
        await RunAsync("SET synchronous_commit = off");
        for (var first = 1; first <= rows; first += Chunk)
        {
            await RunAsync($"""
                {insert}
                FROM (
                  SELECT n, at, 'item-' || (n % 1000 + 1) AS item, {uuid7} AS id, {uuid7} AS key
                  FROM (
                    SELECT n, now() - interval '1 minute' - ({rows} - n) * (interval '1 year' / {rows}) AS at
                    FROM generate_series({first}, {Math.Min(rows, (long)first + Chunk - 1)}) n
                  ) times
                ) old
                """);
        }

        await RunAsync("RESET synchronous_commit");
        await RunAsync($"VACUUM (ANALYZE, FREEZE) {table}"); // as the rows of a year would be

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
        }
    }
}
