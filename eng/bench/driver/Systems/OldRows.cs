using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>
/// Inserts rows that are between a year and a minute old. Their ids are UUIDs of version 7, like those of the services, so that new ids follow them in
/// the indexes.
/// </summary>
internal static class OldRows
{
    private const string Uuid7 =
        """
        CREATE OR REPLACE FUNCTION pg_temp.uuid7(at timestamptz) RETURNS uuid LANGUAGE sql AS $$
          SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(random()::text), 1, 3)
            || '8' || substr(md5(random()::text), 1, 15))::uuid
        $$;
        """;

    private const string Rows =
        """
        SELECT n, at, 'item-' || (n % 1000 + 1) AS item, pg_temp.uuid7(at) AS id
        FROM (SELECT n, now() - interval '1 minute' - (@rows - n) * (interval '1 year' / @rows) AS at FROM generate_series(1, @rows) n) times
        """;

    public static Task AddOrdersAsync(NpgsqlDataSource database, int rows) => AddAsync(
        database, rows, "orders",
        $"""
        INSERT INTO orders (id, item_id, quantity, status, owner, idempotency_key, created_at, next_sweep_at, sweeps)
        SELECT id, item, 1, 'confirmed', '', pg_temp.uuid7(at), at, at + interval '30 s', 0 FROM ({Rows}) old
        """);

    public static Task AddReservationsAsync(NpgsqlDataSource database, int rows) => AddAsync(
        database, rows, "reservations",
        $"""
        INSERT INTO reservations (order_id, item_id, quantity, outcome, available, event_id, created_at)
        SELECT id, item, 1, 'reserved', 1, pg_temp.uuid7(at), at FROM ({Rows}) old
        """);

    public static Task AddNotificationsAsync(NpgsqlDataSource database, int rows) => AddAsync(
        database, rows, "notifications",
        $"""
        INSERT INTO notifications (id, order_id, item_id, quantity, outcome, created_at)
        SELECT pg_temp.uuid7(at), id, item, 1, 'reserved', at FROM ({Rows}) old
        """);

    private static async Task AddAsync(NpgsqlDataSource database, int rows, string table, string insert)
    {
        await using var connection = await database.OpenConnectionAsync();
        await RunAsync(Uuid7);
        await using (var command = new NpgsqlCommand(insert, connection) { CommandTimeout = 0 })
        {
            command.Parameters.AddWithValue("rows", rows);
            await command.ExecuteNonQueryAsync();
        }

        // Old rows have statistics and need no later cleanup by vacuum.
        await RunAsync($"VACUUM (ANALYZE, FREEZE) {table}");

        async Task RunAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync();
        }
    }
}
