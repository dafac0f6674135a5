using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.EndToEnd.Tests;

/// <summary>Tests <c>--migrate</c>, which migrates the database before a deployment. Only in Development a service migrates at startup.</summary>
public sealed class MigrateTests
{
    [Fact]
    public async Task Migrate_option_migrates_the_database_and_can_be_repeated()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        var database = cluster.ConnectionString(await cluster.CreateDatabaseAsync());

        for (var run = 1; run <= 2; run++)
        {
            var (exitCode, output) = await MigrateAsync(database);

            Assert.True(exitCode == 0, output);
            Assert.Contains("migrated", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Migrate_option_uses_the_connection_string_of_the_migrations()
    {
        await using var cluster = await PostgresCluster.StartAsync();
        await cluster.RunScriptAsync(Path.Combine(StackSettings.FromEnvironment().Root, "postgres", "init.sql"));
        var file = RunFile.Read(Path.Combine(StackSettings.FromEnvironment().Root, "dapr.yaml"));
        file.UsePostgres(cluster.Port);
        var (service, owner) = file.Databases["order"];

        var asService = await MigrateAsync(service.ConnectionString);
        var asOwner = await MigrateAsync(null, owner!.ConnectionString);
        var both = await MigrateAsync(service.ConnectionString, owner.ConnectionString);

        Assert.Equal((1, 0, 0), (asService.ExitCode, asOwner.ExitCode, both.ExitCode));
        Assert.Contains("permission denied for schema public", asService.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_option_without_a_database_prints_one_line_and_exits_with_1()
    {
        var (exitCode, output) = await MigrateAsync($"Host=127.0.0.1;Port={FreePort.Take()};Database=orders_db;Username=orders");

        Assert.Equal(1, exitCode);
        Assert.Contains("Cannot migrate the database", Assert.Single(output.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Output)> MigrateAsync(string? database, string? migrations = null)
    {
        var order = StackSettings.FromEnvironment().Command("order");
        var start = new ProcessStartInfo(order[0], [.. order.Skip(1), "--migrate"])
        {
            RedirectStandardOutput = true,
            Environment = { ["APP_ID"] = "order", ["ConnectionStrings__Database"] = database, ["ConnectionStrings__Migrations"] = migrations },
        };
        using var process = Process.Start(start)!;
        try
        {
            await Wait.UntilAsync("order --migrate to exit", () => process.HasExited);
            return (process.ExitCode, await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        }
        finally
        {
            process.Kill(); // does nothing if the process has exited
        }
    }
}
