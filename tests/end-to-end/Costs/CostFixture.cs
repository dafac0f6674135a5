using System.Net.Http.Json;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.EndToEnd.Tests.Costs;

/// <summary>Starts the whole system, and records the statements that its services send. Background work is as rare as possible.</summary>
public sealed class CostFixture : IAsyncLifetime
{
    private readonly SqlRecorder _recorder = new();

    public CostFixture() => Stack = new StackHost(new StackOptions
    {
        StartPooler = port => Task.FromResult(_recorder.Start(port)),
        PostgresSettings =
        [
            "shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_planning=on",
            "wal_writer_delay=10s", "wal_writer_flush_after=1GB", // a commit that nobody waits for is not flushed meanwhile
            "autovacuum=off", // it commits too
        ],
        Environment = new Dictionary<string, string> { ["Messaging__PollInterval"] = "01:00:00", ["Sweep__Interval"] = "00:10:00" },
    });

    public StackHost Stack { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Stack.StartAsync();
        await ExecuteAsync("CREATE EXTENSION pg_stat_statements");
        for (var i = 0; i < 10; i++)
        {
            await PlaceAsync(orders: 1);
            await UntilDoneAsync(); // statements are prepared when they are used for the second time
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Stack.DisposeAsync();
        _recorder.Dispose();
    }

    /// <summary>Places orders in one request, and returns what the services have sent to PostgreSQL for them.</summary>
    internal async Task<IReadOnlyList<RoundTrip>> RecordAsync(int orders)
    {
        _recorder.Clear();
        await PlaceAsync(orders);
        await UntilDoneAsync();
        return [.. _recorder.RoundTrips.Where(roundTrip => !IsBackground(roundTrip))];
    }

    /// <summary>Returns how often PostgreSQL has flushed its log. Sessions report that when they end, so this ends those of the services.</summary>
    internal async Task<long> CountFlushesAsync()
    {
        const string others = "pid <> pg_backend_pid() AND backend_type = 'client backend'";
        await ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}");
        await Wait.UntilAsync("the sessions to end", async () => (long)(await ExecuteAsync($"SELECT count(*) FROM pg_stat_activity WHERE {others}"))! == 0);
        return (long)(await ExecuteAsync("SELECT wal_sync FROM pg_stat_wal"))!;
    }

    internal Task ResetStatisticsAsync() => ExecuteAsync("SELECT pg_stat_statements_reset()");

    /// <summary>Returns how often each statement of the services was executed and planned, and how many blocks it read, since the statistics were reset.</summary>
    internal async Task<IReadOnlyList<(long Calls, long Plans, long Blocks, string Sql)>> StatementsAsync()
    {
        await using var source = NpgsqlDataSource.Create(Stack.Postgres.Superuser);
        await using var command = source.CreateCommand("SELECT calls, plans, shared_blks_hit + shared_blks_read, query FROM pg_stat_statements WHERE userid IN ('orders'::regrole, 'inventory'::regrole, 'notification'::regrole) ORDER BY calls DESC");
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var statements = new List<(long, long, long, string)>();
        while (await reader.ReadAsync(Cancel))
        {
            statements.Add((reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetString(3)));
        }

        return statements;
    }

    /// <summary>Executes a statement as the superuser, over a connection that is not recorded.</summary>
    private async Task<object?> ExecuteAsync(string sql, string database = "postgres")
    {
        await using var source = NpgsqlDataSource.Create(Stack.Postgres.ConnectionString(database));
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }

    /// <summary>Returns whether health checks and metrics send the statement, which they do from time to time.</summary>
    private static bool IsBackground(RoundTrip roundTrip) => roundTrip.Statements is [var only] && (only == "SELECT 1" || only.Contains("count(*)", StringComparison.Ordinal));

    private async Task PlaceAsync(int orders)
    {
        var order = new { item_id = "item-123", quantity = 1 };
        using var response = orders == 1
            ? await Stack.Gateway.PostAsJsonAsync("/orders", order, Cancel)
            : await Stack.Gateway.PostAsJsonAsync("/orders/batch", new { orders = Enumerable.Repeat(order, orders) }, Cancel);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }

    private Task UntilDoneAsync() => Wait.UntilAsync("the orders to be settled and notified", async () =>
        (long)(await ExecuteAsync("SELECT (SELECT count(*) FROM orders WHERE status = 'pending') + (SELECT count(*) FROM outbox)", "orders_db"))! == 0
        && (long)(await ExecuteAsync("SELECT count(*) FROM outbox", "inventory_db"))! == 0
        && (long)(await ExecuteAsync("SELECT count(*) FROM notifications", "notification_db"))! == (long)(await ExecuteAsync("SELECT count(*) FROM orders", "orders_db"))!);
}
