using System.Diagnostics;
using DaprOrders.Testing;
using DaprOrders.Testing.Stack;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Outside of development nobody migrates by himself: <c>--migrate</c> does it, before the new version starts.</summary>
public sealed class MigrateTests
{
    [Fact]
    public async Task A_service_with_the_option_migrates_its_database_and_ends_and_does_nothing_the_second_time()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        var database = cluster.ConnectionString(await cluster.CreateDatabaseAsync());

        for (var time = 1; time <= 2; time++)
        {
            var (exitCode, output) = await MigrateAsync(database);

            Assert.True(exitCode == 0, output);
            Assert.Contains("migrated", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_one_line_and_status_1()
    {
        var (exitCode, output) = await MigrateAsync($"Host=127.0.0.1;Port={FreePort.Take()};Database=orders_db;Username=orders;Password=orders");

        Assert.Equal(1, exitCode);
        Assert.Contains("The database is not migrated", Assert.Single(output.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> MigrateAsync(string database)
    {
        var order = StackSettings.FromEnvironment().Command("order");
        var start = new ProcessStartInfo(order[0], [.. order.Skip(1), "--migrate"])
        {
            RedirectStandardOutput = true,
            Environment = { ["APP_ID"] = "order", ["ConnectionStrings__Database"] = database },
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output);
    }
}
