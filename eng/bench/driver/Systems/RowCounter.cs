using DaprOrders.Bench.Load;
using DaprOrders.Bench.Report;
using Npgsql;

namespace DaprOrders.Bench.Systems;

/// <summary>Counts rows in the tables of a system.</summary>
internal sealed class RowCounter(Databases databases) : IOrderCounter
{
    // Rows are found by their ids, UUIDs of version 7, because every system has an index on them.
    private readonly Guid _first = FirstIdOf(DateTimeOffset.UtcNow);

    /// <summary>Returns the smallest UUID of version 7 that is created at this time.</summary>
    public static Guid FirstIdOf(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(time).TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[6..].Clear();
        return new Guid(bytes, bigEndian: true);
    }

    public async Task<Counts> CountAsync()
    {
        await using var command = Command(
            databases.Orders,
            $"SELECT count(*), count(*) FILTER (WHERE status <> 'pending'), count(*) FILTER (WHERE status = 'rejected') FROM {databases.Table("orders")} WHERE id >= $1");
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return new Counts((int)reader.GetInt64(0), (int)reader.GetInt64(1), (int)reader.GetInt64(2), await CountNotificationsAsync());
    }

    public async Task<int> CountUnfinishedAsync(int accepted)
    {
        var pending = (long)(await Databases.ScalarAsync(databases.Orders, $"SELECT count(*) FROM {databases.Table("orders")} WHERE status = 'pending'"))!;
        return Math.Max((int)pending, accepted - await CountNotificationsAsync());
    }

    public async Task<bool> IsDoneAsync(int accepted)
    {
        // The first query uses a small partial index. The second one runs only if no order is pending.
        var isPending = await Databases.ScalarAsync(databases.Orders, $"SELECT EXISTS (SELECT FROM {databases.Table("orders")} WHERE status = 'pending')");
        return isPending is false && await CountNotificationsAsync() >= accepted;
    }

    public async Task<(OrderTimes Times, IReadOnlyList<AcceptedRequest> Requests)> ReadTimesAsync(IReadOnlyList<AcceptedRequest> requests) =>
        (new OrderTimes(
            await ReadTimesAsync(databases.Orders, $"SELECT id, pg_xact_commit_timestamp(xmin) FROM {databases.Table("orders")} WHERE id >= $1 AND status <> 'pending'"),
            await ReadTimesAsync(databases.Notifications, $"SELECT order_id, pg_xact_commit_timestamp(xmin) FROM {databases.Table("notifications")} WHERE id >= $1")),
        requests);

    public async Task<IReadOnlyDictionary<string, double>> ReadBatchesAsync()
    {
        var batches = new Dictionary<string, double>
        {
            [Counter.OrdersPerGroup] = await PerValueAsync(databases.Orders, "orders", "id", "created_at"), // the same for all orders of a transaction
            [Counter.OrdersPerSettlement] = await PerTransactionAsync(databases.Orders, "orders", "id"),
            [Counter.EventsPerNotification] = await PerTransactionAsync(databases.Notifications, "notifications", "id"),
        };
        if (databases.HasReservations)
        {
            batches[Counter.EventsPerReservation] = await PerTransactionAsync(databases.Inventory, "reservations", "order_id");
        }

        return batches;
    }

    /// <summary>Returns how many rows a transaction wrote. A row has the id of the transaction that wrote it last.</summary>
    private Task<double> PerTransactionAsync(NpgsqlDataSource database, string table, string id) => PerValueAsync(database, table, id, "xmin::text");

    private async Task<double> PerValueAsync(NpgsqlDataSource database, string table, string id, string value)
    {
        await using var command = Command(
            database, $"SELECT count(*)::float8 / greatest(1, count(DISTINCT {value})) FROM {databases.Table(table)} WHERE {id} >= $1");
        return (double)(await command.ExecuteScalarAsync())!;
    }

    private async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> ReadTimesAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = Command(database, sql);
        await using var reader = await command.ExecuteReaderAsync();
        var times = new Dictionary<Guid, DateTimeOffset>();
        while (await reader.ReadAsync())
        {
            times[reader.GetGuid(0)] = reader.GetFieldValue<DateTimeOffset>(1);
        }

        return times;
    }

    private async Task<int> CountNotificationsAsync()
    {
        await using var command = Command(databases.Notifications, $"SELECT count(*) FROM {databases.Table("notifications")} WHERE id >= $1");
        return (int)(long)(await command.ExecuteScalarAsync())!;
    }

    private NpgsqlCommand Command(NpgsqlDataSource database, string sql)
    {
        var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = _first });
        return command;
    }
}
