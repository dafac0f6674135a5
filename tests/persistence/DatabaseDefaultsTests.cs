using DaprOrders.Stack;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;

namespace DaprOrders.Persistence.Tests;

public sealed class DatabaseDefaultsTests : IAsyncLifetime
{
    private const string Role = "service";

    private PostgresCluster? _server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private PostgresCluster Server => _server!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresCluster.StartAsync();
        await _server.ExecuteAsync($"CREATE ROLE {Role} LOGIN PASSWORD '{Role}'");
        await _server.ExecuteAsync($"CREATE DATABASE {Role} OWNER {Role}");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Theory]
    [InlineData("", "on", false)]
    [InlineData("ALTER ROLE service SET synchronous_commit = off", "on", true)]
    [InlineData("ALTER DATABASE service SET synchronous_commit = off", "on", true)]
    [InlineData("ALTER ROLE service IN DATABASE service SET synchronous_commit = off", "on", true)]
    [InlineData("ALTER SYSTEM SET synchronous_commit = off", "on", true)]
    [InlineData("", "off", true)]
    [InlineData("", "local", false)]
    [InlineData("ALTER ROLE service SET synchronous_commit = off", "local", false)]
    public async Task Commit_that_is_not_on_disk_is_a_warning_at_start(string sql, string ofConnection, bool isWarned)
    {
        if (sql.Length > 0)
        {
            await Server.ExecuteAsync(sql);
            await Server.ExecuteAsync("SELECT pg_reload_conf()");
        }

        var options = ofConnection == "on" ? null : $"-c synchronous_commit={ofConnection}";
        var warnings = await CheckAsync(new NpgsqlConnectionStringBuilder(Server.ConnectionString(Role)) { Username = Role, Password = Role, Options = options });

        Assert.Equal(isWarned, warnings.Any(warning => warning.StartsWith("synchronous_commit is off", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Setting_that_no_migration_has_set_is_a_warning_at_start()
    {
        var warnings = await CheckAsync(new NpgsqlConnectionStringBuilder(Server.ConnectionString(Role)));

        Assert.Contains("lock_timeout is 0 instead of 5s", Assert.Single(warnings), StringComparison.Ordinal);
    }

    /// <summary>Runs the check, and returns the warnings.</summary>
    private static async Task<IReadOnlyList<string>> CheckAsync(NpgsqlConnectionStringBuilder connection)
    {
        var log = new FakeLogger<DatabaseDefaultsCheck>();
        await using var database = NpgsqlDataSource.Create(connection);
        using var check = new DatabaseDefaultsCheck(database, TimeProvider.System, log);
        await check.StartAsync(Cancel);
        await check.ExecuteTask!.WaitAsync(Wait.Limit, Cancel);
        return [.. log.Collector.GetSnapshot().Where(record => record.Level is LogLevel.Warning).Select(record => record.Message)];
    }
}
