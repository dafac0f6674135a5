using DaprOrders.Bench.Parts;
using DaprOrders.Bench.Report;
using DaprOrders.Bench.Systems;
using DaprOrders.TestSupport.Stack;
using Npgsql;

namespace DaprOrders.Bench.Tests;

/// <summary>That the bench measures at all; what it measures is no test's business.</summary>
public sealed class ComparisonTests
{
    [Fact]
    public async Task Each_system_takes_orders_loses_none_and_is_measured_by_process()
    {
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set: nothing is measured on a system that somebody else started.");
        var options = new BenchOptions
        {
            IsQuick = true,
            Rounds = 1,
            WarmUp = TimeSpan.FromSeconds(1),
            Load = TimeSpan.FromSeconds(1),
            Steady = TimeSpan.FromSeconds(1),
            Stack = StackSettings.FromEnvironment(),
            Parts = [Part.Compare],
            Systems = Enum.GetValues<SystemKind>(),
            Output = "",
        };
        var results = Results.New(options);

        await new Comparison(options).RunAsync(results, new Progress(12, TimeSpan.Zero));

        Assert.Equal(6, results.Comparison.Count);
        Assert.All(results.Comparison, measured => Assert.InRange(measured.Orders, 1, int.MaxValue));
        Assert.All(results.Comparison, measured => Assert.All(Usage.Services, appId => Assert.InRange(measured.CpuPerOrder[appId], 1, double.MaxValue)));
        Assert.All(
            results.Comparison.Where(measured => measured.System is not SystemKind.Floor), measured => Assert.InRange(measured.PostgresCpu, 1, double.MaxValue));
        Assert.Equal(3, results.Steady.Count);
    }

    [Fact]
    public async Task Old_rows_lie_in_all_three_tables_before_those_that_are_measured()
    {
        Assert.SkipWhen(StackSettings.FromEnvironment().Attached is not null, "GATEWAY_URL is set: nothing is measured on a system that somebody else started.");
        await using var stack = new Stack();
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
