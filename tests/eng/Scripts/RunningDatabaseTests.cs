using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;
using Npgsql;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Runs ./run.sh with a PostgreSQL that was already running, and that may contain data of other users.</summary>
[Trait("Form", "scripts")]
public sealed class RunningDatabaseTests : IAsyncLifetime
{
    private PostgresCluster? _postgres;

    private PostgresCluster Postgres => _postgres!;

    public async ValueTask InitializeAsync() => _postgres = await PostgresCluster.StartAsync();

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();

    [Fact(Explicit = true)]
    public async Task Running_database_is_emptied_only_with_reset_and_yes()
    {
        await Postgres.ExecuteAsync("CREATE DATABASE orders_db");
        await Postgres.ExecuteAsync("COMMENT ON DATABASE orders_db IS 'precious'");
        await using var machine = await MachineAsync();

        var (exitCode, error) = await machine.Clone.TryRunAsync("--reset");

        Assert.Equal(1, exitCode);
        Assert.Equal(
            $"error: PostgreSQL on 127.0.0.1:{Postgres.Port} was already running; " +
            "./run.sh --reset --yes drops its databases orders_db inventory_db notification_db",
            error);
        Assert.Equal("precious", await CommentAsync());

        machine.ServicesAreReadyAfter(machine.EmulatorCall);
        Assert.True(await machine.Clone.StartAsync("--reset", "--yes"), machine.Clone.Output);
        Assert.Equal(DBNull.Value, await CommentAsync());
        await machine.Clone.StopAsync(Signal.Interrupt);
        Assert.Equal(DBNull.Value, await CommentAsync()); // PostgreSQL is still running
    }

    /// <summary>In earlier versions, the role of a service owned its database.</summary>
    [Fact(Explicit = true)]
    public async Task Older_database_gets_an_owner_role_and_keeps_its_rows()
    {
        const string Role = "orders";
        await Postgres.ExecuteAsync($"CREATE ROLE {Role} LOGIN PASSWORD '{Role}'");
        await Postgres.ExecuteAsync($"CREATE DATABASE orders_db OWNER {Role}");
        await QueryAsync($"SET ROLE {Role}; CREATE TABLE orders (id integer); INSERT INTO orders VALUES (1), (2)");
        await using var machine = await MachineAsync();
        machine.ServicesAreReadyAfter(machine.EmulatorCall);

        Assert.True(await machine.Clone.StartAsync(), machine.Clone.Output);
        await machine.Clone.StopAsync(Signal.Interrupt);

        Assert.Equal("orders_owner", await QueryAsync("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'"));
        Assert.Equal(2L, await QueryAsync($"SET ROLE {Role}; SELECT count(*) FROM orders"));
        var error = await Assert.ThrowsAsync<PostgresException>(() => QueryAsync($"SET ROLE {Role}; CREATE TABLE other ()"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, error.SqlState);
    }

    [Fact(Explicit = true)]
    public async Task Wrong_password_is_an_error_with_advice()
    {
        await using var machine = await MachineAsync();
        machine.Clone.Environment["POSTGRES_PASSWORD"] = "wrong";

        var (exitCode, error) = await machine.Clone.TryRunAsync();

        Assert.Equal(1, exitCode);
        Assert.Equal(
            $"error: PostgreSQL on 127.0.0.1:{Postgres.Port} refuses role postgres: password authentication failed for user \"postgres\". " +
            "Set POSTGRES_PASSWORD to its password, or ask its owner to run postgres/init.sql, or free the port",
            error);
        Assert.DoesNotContain(machine.Calls, call => call.StartsWith($"dotnet build {machine.Clone.Folder}", StringComparison.Ordinal));
    }

    private async Task<Machine> MachineAsync()
    {
        var machine = await Machine.CreateAsync();
        machine.InstallDotnet();
        await machine.Clone.UsePortAsync(5433, Postgres.Port);
        return machine;
    }

    /// <summary>Executes SQL in the database of the order service, and returns the first value.</summary>
    private async Task<object?> QueryAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Postgres.ConnectionString("orders_db")) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private async Task<object?> CommentAsync()
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(Postgres.Superuser) { Pooling = false });
        await using var command = source.CreateCommand(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'orders_db'");
        return await command.ExecuteScalarAsync();
    }
}
