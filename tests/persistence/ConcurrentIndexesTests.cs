using DaprOrders.Stack;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace DaprOrders.Persistence.Tests;

/// <summary>Builds an index while an instance of the old version has an open transaction in the table.</summary>
public sealed class ConcurrentIndexesTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly MigrationState _state = new();
    private PostgresCluster? _server;
    private NpgsqlDataSource? _database;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NpgsqlDataSource Database => _database!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgresCluster.StartAsync();
        var name = await _server.CreateDatabaseAsync();
        await _server.ExecuteAsync($"ALTER DATABASE {name} SET lock_timeout = '500ms'"); // the build must wait for longer
        _database = NpgsqlDataSource.Create(_server.ConnectionString(name));
        await using var services = Services();
        await services.GetRequiredService<RowsContext>().GetService<IMigrator>().MigrateAsync("Table", Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _server!.DisposeAsync();
    }

    [Fact]
    public async Task Index_is_built_after_open_transactions_and_others_can_write_meanwhile()
    {
        await using var writer = await WriteAsync();
        var migration = Create().MigrateOnceAsync();
        await UntilBuildWaitsAsync();

        await ExecuteAsync("INSERT INTO rows VALUES (2); UPDATE rows SET id = 3 WHERE id = 2; SELECT pg_sleep(1)");
        Assert.False(migration.IsCompleted, _state.Failure);
        await writer.DisposeAsync();

        Assert.True(await migration, _state.Failure);
        Assert.Equal("ix_rows_id,true", await IndexesAsync());
        Assert.Equal("20260101000001_Table 20260101000002_Index", await HistoryAsync());
    }

    [Fact]
    public async Task Build_that_was_killed_is_repeated()
    {
        await using var writer = await WriteAsync();
        var killed = Create().MigrateOnceAsync();
        await UntilBuildWaitsAsync();
        await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'");
        Assert.False(await killed);
        Assert.Equal("ix_rows_id,false", await IndexesAsync());
        await writer.DisposeAsync();

        Assert.True(await Create().MigrateOnceAsync(), _state.Failure);

        Assert.Equal("ix_rows_id,true", await IndexesAsync());
        Assert.Equal("20260101000001_Table 20260101000002_Index", await HistoryAsync());
    }

    [Fact]
    public async Task Index_that_was_built_but_not_recorded_is_kept()
    {
        await ExecuteAsync("CREATE INDEX ix_rows_id ON rows (id)");
        var before = await ScalarAsync("SELECT 'ix_rows_id'::regclass::oid::text");

        Assert.True(await Create().MigrateOnceAsync(), _state.Failure);

        Assert.Equal(before, await ScalarAsync("SELECT 'ix_rows_id'::regclass::oid::text"));
    }

    [Fact]
    public async Task Two_processes_at_once_build_the_index_once()
    {
        await using var writer = await WriteAsync();
        var first = Create().MigrateOnceAsync();
        await UntilBuildWaitsAsync();
        var second = Create().MigrateOnceAsync();
        await Wait.UntilAsync("a failed attempt of the second", () => _state.Failure is not null);
        Assert.Contains("locked by process", _state.Failure, StringComparison.Ordinal);
        await writer.DisposeAsync();

        await Wait.UntilAsync("the end of both", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return first.IsCompleted && second.IsCompleted;
        });

        Assert.True(await first && await second, _state.Failure);
        Assert.Equal("ix_rows_id,true", await IndexesAsync());
    }

    [Fact]
    public async Task Sessions_after_the_migration_have_the_lock_timeout_of_the_database()
    {
        Assert.True(await Create().MigrateOnceAsync(), _state.Failure);

        Assert.Equal("500ms", await ScalarAsync("SHOW lock_timeout"));
    }

    private Migrator<RowsContext> Create() => new(
        Services().GetRequiredService<IServiceScopeFactory>(), Database, Database, _state, new HostingEnvironment { EnvironmentName = Environments.Production },
        _time, new FakeLogger<Migrator<RowsContext>>());

    private ServiceProvider Services() => new ServiceCollection().AddDbContext<RowsContext>(options => options.UseNpgsql(Database)).BuildServiceProvider();

    /// <summary>Inserts a row in a transaction that stays open.</summary>
    private async Task<NpgsqlConnection> WriteAsync()
    {
        var session = await Database.OpenConnectionAsync(Cancel);
        await using var command = new NpgsqlCommand("BEGIN; INSERT INTO rows VALUES (1)", session);
        await command.ExecuteNonQueryAsync(Cancel);
        return session;
    }

    private Task UntilBuildWaitsAsync() => Wait.UntilAsync("the build to wait for the transaction", async () => await ScalarAsync(
        "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'") is "1");

    private Task<object?> IndexesAsync() => ScalarAsync(
        "SELECT string_agg(indexrelid::regclass || ',' || indisvalid, ';') FROM pg_index WHERE indrelid = 'rows'::regclass");

    private Task<object?> HistoryAsync() => ScalarAsync("""SELECT string_agg("MigrationId", ' ' ORDER BY 1) FROM "__EFMigrationsHistory" """);

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Cancel);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancel);
    }

    internal sealed class Row
    {
        public int Id { get; init; }
    }

    internal sealed class RowsContext(DbContextOptions<RowsContext> options) : DbContext(options)
    {
        protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<Row>(row =>
        {
            row.ToTable("rows").HasNoKey();
            row.Property(r => r.Id).HasColumnName("id");
            row.HasIndex(r => r.Id).HasDatabaseName("ix_rows_id");
        });
    }

    [DbContext(typeof(RowsContext)), Migration("20260101000001_Table")]
    internal sealed class Table : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.Sql("CREATE TABLE rows (id int)");
    }

    [DbContext(typeof(RowsContext)), Migration("20260101000002_Index")]
    internal sealed class Index : Migration
    {
        protected override void Up(MigrationBuilder migrationBuilder) => migrationBuilder.CreateIndexConcurrently("ix_rows_id", "rows", "id");
    }
}
