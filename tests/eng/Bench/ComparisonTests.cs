using DaprOrders.Bench;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Eng.Tests.Bench;

/// <summary>Checks that the benchmark works. The figures are not checked.</summary>
[Trait("Form", "bench")]
public sealed class ComparisonTests
{
    [Theory(Explicit = true)]
    [InlineData(nameof(SystemKind.NoOp))]
    [InlineData(nameof(SystemKind.NoOpCoalesced))]
    [InlineData(nameof(SystemKind.Ours))]
    public async Task System_handles_all_orders_and_is_measured_by_process(string system)
    {
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set, and the benchmark cannot measure a system that is already running.");
        var options = new BenchOptions
        {
            Rounds = 1,
            WarmUp = TimeSpan.Zero,
            Load = TimeSpan.FromSeconds(1),
            Steady = TimeSpan.FromSeconds(1),
            Stack = StackSettings.FromEnvironment(),
            Parts = [Part.Compare],
            Systems = [Enum.Parse<SystemKind>(system)],
            Output = "",
        };
        await using var measured = await SystemUnderTest.StartAsync(options.Systems[0], options);

        var load = await measured.MeasureAsync("4 clients", 4, OrderRequests.Single(10), options.Load);
        var steady = await measured.MeasureAtRateAsync("10/s", 10, OrderRequests.Single(10), options.Steady);

        Assert.InRange(load.Orders, 1, int.MaxValue);
        Assert.All([.. Usage.Services, Usage.Sidecars, Usage.Load], name => Assert.True(load.CpuPerOrder.ContainsKey(name), name));
        Assert.InRange(load.ServicesCpu, 1, double.MaxValue);
        Assert.True(load.PostgresCpu > 0 || options.Systems[0].IsNoOp(), "the database used no CPU time");
        Assert.InRange(steady.Orders, 1, 10);
        Assert.All(steady.Latency.Values, latency => Assert.InRange(latency.P99, 0.001, 10_000));
        Assert.InRange(Usage.Services.Sum(name => steady.SwitchesPerOrder[name]), 1, double.MaxValue);
    }

    [Fact(Explicit = true)]
    public async Task Old_rows_are_inserted_into_all_three_tables()
    {
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set, and the benchmark cannot measure a system that is already running.");
        await using var stack = new StackHost();
        await stack.StartAsync();

        await using var orders = NpgsqlDataSource.Create(stack.OwnerConnectionString("orders_db"));
        await using var inventory = NpgsqlDataSource.Create(stack.OwnerConnectionString("inventory_db"));
        await using var notifications = NpgsqlDataSource.Create(stack.OwnerConnectionString("notification_db"));
        await OldRows.AddOrdersAsync(orders, 1000);
        await OldRows.AddReservationsAsync(inventory, 1000);
        await OldRows.AddNotificationsAsync(notifications, 1000);

        foreach (var (database, table) in new[] { ("orders_db", "orders"), ("inventory_db", "reservations"), ("notification_db", "notifications") })
        {
            Assert.Equal(1000L, await stack.QueryAsync(database, $"SELECT count(*) FROM {table} WHERE created_at < now() - interval '59 s'"));
        }
    }
}
