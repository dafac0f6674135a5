using DaprOrders.Bench;
using DaprOrders.Bench.Load;
using DaprOrders.Bench.Systems;
using DaprOrders.Stack;
using Npgsql;

namespace DaprOrders.Eng.Tests.Bench;

/// <summary>That the bench measures at all; what it measures is no test's business.</summary>
[Trait("Form", "bench")]
public sealed class ComparisonTests
{
    [Theory(Explicit = true)]
    [InlineData(nameof(SystemKind.NoOp))]
    [InlineData(nameof(SystemKind.Ours))]
    public async Task A_system_takes_orders_loses_none_and_is_measured_by_process(string system)
    {
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set: nothing is measured on a system that somebody else started.");
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

        var load = await measured.MeasureAsync("4 clients", 4, OrderBodies.Single(10), options.Load);
        var steady = await measured.MeasureSteadyAsync(10, options.Steady);

        Assert.InRange(load.Orders, 1, int.MaxValue);
        Assert.All([.. Usage.Services, Usage.Sidecars, Usage.Load], name => Assert.True(load.CpuPerOrder.ContainsKey(name), name));
        Assert.InRange(load.ServicesCpu, 1, double.MaxValue);
        Assert.True(load.PostgresCpu > 0 || options.Systems[0] is SystemKind.NoOp, "the database has done nothing");
        Assert.InRange(steady.Orders, 1, 10);
    }

    [Fact(Explicit = true)]
    public async Task Old_rows_lie_in_all_three_tables_before_those_that_are_measured()
    {
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set: nothing is measured on a system that somebody else started.");
        await using var stack = new StackHost();
        await stack.StartAsync();

        await using var orders = NpgsqlDataSource.Create(stack.ConnectionString("orders_db"));
        await using var inventory = NpgsqlDataSource.Create(stack.ConnectionString("inventory_db"));
        await using var notifications = NpgsqlDataSource.Create(stack.ConnectionString("notification_db"));
        await OldRows.AddOrdersAsync(orders, 1000);
        await OldRows.AddReservationsAsync(inventory, 1000);
        await OldRows.AddNotificationsAsync(notifications, 1000);

        foreach (var (database, table) in new[] { ("orders_db", "orders"), ("inventory_db", "reservations"), ("notification_db", "notifications") })
        {
            Assert.Equal(1000L, await stack.QueryAsync(database, $"SELECT count(*) FROM {table} WHERE created_at < now() - interval '59 s'"));
        }
    }
}
