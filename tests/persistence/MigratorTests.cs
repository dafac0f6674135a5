using System.Data.Common;
using DaprOrders.Stack;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
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
    private readonly Attempts _attempts = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Migrator_retries_every_second_until_the_database_is_available()
    {
        var port = FreePort.Take();
        await using var database = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={port};Username=postgres;Password=postgres;Database=late;Pooling=false");
        await using var services = Services(database);
        using var migrator = new Migrator<EmptyContext>(services.GetRequiredService<IServiceScopeFactory>(), database, _state, _time, _log);

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
        var other = CreateMigrator(null);
        var first = CreateMigrator(new AfterFirstCommit(() => other.MigrateOnceAsync()));

        Assert.True(await first.MigrateOnceAsync(), _state.Failure);

        await using var command = database.CreateCommand("""SELECT string_agg("MigrationId", ' ' ORDER BY 1) FROM "__EFMigrationsHistory" """);
        Assert.Equal("1_first 2_second", await command.ExecuteScalarAsync(Cancel));

        Migrator<TablesContext> CreateMigrator(IInterceptor? interceptor)
        {
            var services = new ServiceCollection()
                .AddDbContext<TablesContext>(options => options.UseNpgsql(database).AddInterceptors(interceptor is null ? [] : [interceptor]))
                .BuildServiceProvider();
            return new Migrator<TablesContext>(
                services.GetRequiredService<IServiceScopeFactory>(), database, _state, _time, new FakeLogger<Migrator<TablesContext>>());
        }
    }

    private ServiceProvider Services(NpgsqlDataSource database) => new ServiceCollection()
        .AddDbContext<EmptyContext>(options => options.UseNpgsql(database).AddInterceptors(_attempts))
        .BuildServiceProvider();

    internal sealed class EmptyContext(DbContextOptions<EmptyContext> options) : DbContext(options);

    internal sealed class TablesContext(DbContextOptions<TablesContext> options) : DbContext(options);

    [DbContext(typeof(TablesContext)), Migration("1_first")]
    internal sealed class First : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("CREATE TABLE first ()");
    }

    [DbContext(typeof(TablesContext)), Migration("2_second")]
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
