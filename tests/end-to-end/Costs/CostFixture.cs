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
        Environment = new Dictionary<string, string> { ["Messaging__PollInterval"] = "01:00:00", ["Sweep__Interval"] = "00:10:00" },
    });

    public StackHost Stack { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Stack.StartAsync();
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
        (long)(await QueryAsync("orders_db", "SELECT (SELECT count(*) FROM orders WHERE status = 'pending') + (SELECT count(*) FROM outbox)"))! == 0
        && (long)(await QueryAsync("inventory_db", "SELECT count(*) FROM outbox"))! == 0
        && (long)(await QueryAsync("notification_db", "SELECT count(*) FROM notifications"))! == (long)(await QueryAsync("orders_db", "SELECT count(*) FROM orders"))!);

    /// <summary>Executes a statement over a connection that is not recorded.</summary>
    private async Task<object?> QueryAsync(string database, string sql)
    {
        var connection = new NpgsqlConnectionStringBuilder(Stack.ConnectionString(database)) { Port = Stack.Postgres.Port };
        await using var source = NpgsqlDataSource.Create(connection);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }
}
