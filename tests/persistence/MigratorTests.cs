using System.Data.Common;
using DaprOrders.Stack;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace DaprOrders.Persistence.Tests;

public sealed class MigratorTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger<Migrator<EmptyContext>> _log = new();
    private readonly MigrationState _state = new();
    private readonly HostingEnvironment _environment = new() { EnvironmentName = Environments.Production };
    private readonly Attempts _attempts = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrator_retries_every_second_until_the_database_is_available()
    {
        var port = FreePort.Take();
        await using var database = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={port};Username=postgres;Password={new PostgresOptions().Password};Database=late;Pooling=false");
        await using var services = Services<EmptyContext>(database, _attempts);
        using var migrator = new Migrator<EmptyContext>(services.GetRequiredService<IServiceScopeFactory>(), database, database, _state, _environment, _time, _log);

        await migrator.StartAsync(Cancel);
        var (atStart, started) = (_attempts.Count, _time.GetUtcNow());
        await Wait.UntilAsync("a second attempt", () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            return _attempts.Count > atStart;
        });
        Assert.True(_time.GetUtcNow() - started >= TimeSpan.FromSeconds(1));
        Assert.NotNull(_state.Failure);

        await using var server = await PostgresCluster.StartAsync(port);
        await Wait.UntilAsync("the migrations", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return migrator.ExecuteTask!.IsCompletedSuccessfully;
        });

        Assert.Null(_state.Failure);
        Assert.Equal([LogLevel.Warning, LogLevel.Information], _log.Collector.GetSnapshot().Select(record => record.Level));
    }

    [Fact]
    public async Task Migrator_succeeds_if_another_process_runs_the_same_migrations()
    {
        await using var server = await PostgresCluster.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString(await server.CreateDatabaseAsync()));
        Task<bool>? second = null;
        var first = CreateMigrator(database, new AfterFirstCommit(async () =>
        {
            second = CreateMigrator(database).MigrateOnceAsync();
            await Wait.UntilAsync("the second process to wait for the first", async () => await IsWaitingAsync(database));
        }));

        Assert.True(await first.MigrateOnceAsync(), _state.Failure);
        await Wait.UntilAsync("the end of the second process", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return second!.IsCompleted;
        });
        Assert.True(await second!, _state.Failure);

        await using var command = database.CreateCommand("""SELECT string_agg("MigrationId", ' ' ORDER BY 1) FROM "__EFMigrationsHistory" """);
        Assert.Equal("20260101000001_First 20260101000002_Second", await command.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task Migration_that_waits_for_a_lock_for_60_seconds_fails_and_names_the_session()
    {
        await using var server = await PostgresCluster.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString(await server.CreateDatabaseAsync()));
        await using var session = await LockAsync(database);

        var migration = CreateMigrator(database).MigrateOnceAsync();
        await Wait.UntilAsync("the end of the migration", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return migration.IsCompleted;
        });

        Assert.False(await migration);
        Assert.Contains($"locked by process {session.ProcessID} of role postgres (a long report) in a transaction since", _state.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migration_continues_when_the_other_session_ends()
    {
        await using var server = await PostgresCluster.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString(await server.CreateDatabaseAsync()));
        var session = await LockAsync(database);

        var migration = CreateMigrator(database).MigrateOnceAsync();
        await Wait.UntilAsync("a failed attempt", () => _state.Failure is not null);
        await session.DisposeAsync();
        await Wait.UntilAsync("the end of the migration", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return migration.IsCompleted;
        });

        Assert.True(await migration, _state.Failure);
        Assert.Null(_state.Failure);
    }

    [Fact]
    public async Task Migrated_database_is_not_locked()
    {
        await using var server = await PostgresCluster.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString(await server.CreateDatabaseAsync()));
        Assert.True(await CreateMigrator(database).MigrateOnceAsync(), _state.Failure);
        await using var session = await ReadAsync(database, "\"__EFMigrationsHistory\"");

        Assert.True(await CreateMigrator(database).MigrateOnceAsync(), _state.Failure);
    }

    [Fact]
    public async Task Service_is_ready_only_if_its_database_is_migrated()
    {
        await using var server = await PostgresCluster.StartAsync();
        await using var database = NpgsqlDataSource.Create(server.ConnectionString(await server.CreateDatabaseAsync()));
        await using var services = Services<TablesContext>(database);
        var check = new DatabaseHealthCheck<TablesContext>(database, services.GetRequiredService<IServiceScopeFactory>(), _state);

        var before = await check.CheckHealthAsync(new HealthCheckContext(), Cancel);
        Assert.True(await CreateMigrator(database).MigrateOnceAsync(), _state.Failure);
        var after = await check.CheckHealthAsync(new HealthCheckContext(), Cancel);

        Assert.Equal([HealthStatus.Unhealthy, HealthStatus.Healthy], [before.Status, after.Status]);
        Assert.Contains("--migrate", before.Description, StringComparison.Ordinal);
    }

    private static async Task<bool> IsWaitingAsync(NpgsqlDataSource database)
    {
        await using var command = database.CreateCommand("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)");
        return await command.ExecuteScalarAsync(Cancel) is true;
    }

    private Migrator<TablesContext> CreateMigrator(NpgsqlDataSource database, params IInterceptor[] interceptors) => new(
        Services<TablesContext>(database, interceptors).GetRequiredService<IServiceScopeFactory>(), database, database, _state, _environment, _time,
        new FakeLogger<Migrator<TablesContext>>());

    /// <summary>Runs the first migration, and reads its table in a transaction that stays open. The second migration must wait for the end of it.</summary>
    private static async Task<NpgsqlConnection> LockAsync(NpgsqlDataSource database)
    {
        await using var services = Services<TablesContext>(database);
        await services.GetRequiredService<TablesContext>().GetService<IMigrator>().MigrateAsync("First", Cancel);
        return await ReadAsync(database, "first");
    }

    private static async Task<NpgsqlConnection> ReadAsync(NpgsqlDataSource database, string table)
    {
        var session = await database.OpenConnectionAsync(Cancel);
        await using var command = new NpgsqlCommand($"SET application_name = 'a long report'; BEGIN; SELECT FROM {table}", session);
        await command.ExecuteNonQueryAsync(Cancel);
        return session;
    }

    private static ServiceProvider Services<TContext>(NpgsqlDataSource database, params IInterceptor[] interceptors)
        where TContext : DbContext =>
        new ServiceCollection().AddDbContext<TContext>(options => options.UseNpgsql(database).AddInterceptors(interceptors)).BuildServiceProvider();

    internal sealed class EmptyContext(DbContextOptions<EmptyContext> options) : DbContext(options);

    internal sealed class TablesContext(DbContextOptions<TablesContext> options) : DbContext(options);

    [DbContext(typeof(TablesContext)), Migration("20260101000001_First")]
    internal sealed class First : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("CREATE TABLE first ()");
    }

    [DbContext(typeof(TablesContext)), Migration("20260101000002_Second")]
    internal sealed class Second : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("DROP TABLE first");
    }

    /// <summary>Runs an action once, after the first migration has committed.</summary>
    private sealed class AfterFirstCommit(Func<Task> action) : DbTransactionInterceptor
    {
        private int _commits;

        public override async Task TransactionCommittedAsync(
            DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref _commits) == 1)
            {
                await action();
            }
        }
    }

    /// <summary>Counts the attempts to connect.</summary>
    private sealed class Attempts : DbConnectionInterceptor
    {
        private int _count;

        public int Count => _count;

        public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _count);
            return base.ConnectionOpeningAsync(connection, eventData, result, cancellationToken);
        }
    }
}
