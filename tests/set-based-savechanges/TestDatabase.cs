using System.Data.Common;
using DaprOrders.SetBasedSaveChanges.Tests;
using DaprOrders.Stack;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

[assembly: AssemblyFixture(typeof(DatabaseFixture))]

namespace DaprOrders.SetBasedSaveChanges.Tests;

/// <summary>Starts one PostgreSQL for all tests of the assembly. Each test gets its own database with the tables of the model.</summary>
public sealed class DatabaseFixture : IAsyncDisposable
{
    private readonly Lazy<Task<(PostgresCluster Server, string Template)>> _cluster = new(StartClusterAsync);

    internal async Task<TestDatabase> CreateAsync(bool setBased = true, Action<DbContextOptionsBuilder>? configure = null)
    {
        var (server, template) = await _cluster.Value;
        return new TestDatabase(server.ConnectionString(await server.CreateDatabaseAsync(template)), setBased, configure);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster.IsValueCreated)
        {
            await (await _cluster.Value).Server.DisposeAsync();
        }
    }

    private static async Task<(PostgresCluster Server, string Template)> StartClusterAsync()
    {
        var server = await PostgresCluster.StartAsync();
        var template = await server.CreateDatabaseAsync();
        await using var database = new TestDatabase(server.ConnectionString(template), setBased: false, configure: null);
        await using var db = database.CreateContext();
        await db.Database.EnsureCreatedAsync();
        return (server, template);
    }
}

/// <summary>A database with the tables of the model, and contexts with or without set-based inserts.</summary>
internal sealed class TestDatabase(string connectionString, bool setBased, Action<DbContextOptionsBuilder>? configure) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString + ";Max Auto Prepare=50;Auto Prepare Min Usages=2");
    private readonly Recorder _recorder = new();

    /// <summary>Gets the commands that write, each of which is one round trip.</summary>
    public IReadOnlyList<string> Commands => _recorder.Commands;

    /// <summary>Gets how many transactions EF Core has begun.</summary>
    public int Transactions => _recorder.Transactions;

    public TestContext CreateContext()
    {
        var options = new DbContextOptionsBuilder<TestContext>();
        options.UseNpgsql(_source).UseSetBasedSaveChanges(setBased).AddInterceptors(_recorder);
        configure?.Invoke(options);
        return new TestContext(options.Options);
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Returns the rows of all tables as text.</summary>
    public async Task<IReadOnlyList<string>> ContentsAsync()
    {
        await using var db = CreateContext();
        var contents = new List<string>();
        foreach (var table in db.Model.GetEntityTypes().Select(type => type.GetTableName()!).Distinct().Order())
        {
            await using var command = _source.CreateCommand($"SELECT t::text FROM {table} t ORDER BY 1");
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                contents.Add($"{table} {reader.GetString(0)}");
            }
        }

        return contents;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private sealed class Recorder : DbCommandInterceptor, IDbTransactionInterceptor
    {
        public List<string> Commands { get; } = [];

        public int Transactions { get; private set; }

        public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
        {
            Record(command, eventData);
            return result;
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Record(command, eventData);
            return ValueTask.FromResult(result);
        }

        public override InterceptionResult<DbDataReader> ReaderExecuting(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        {
            Record(command, eventData);
            return result;
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Record(command, eventData);
            return ValueTask.FromResult(result);
        }

        public DbTransaction TransactionStarted(DbConnection connection, TransactionEndEventData eventData, DbTransaction result)
        {
            Transactions++;
            return result;
        }

        public ValueTask<DbTransaction> TransactionStartedAsync(
            DbConnection connection, TransactionEndEventData eventData, DbTransaction result, CancellationToken cancellationToken)
        {
            Transactions++;
            return ValueTask.FromResult(result);
        }

        private void Record(DbCommand command, CommandEventData eventData)
        {
            if (eventData.CommandSource is CommandSource.SaveChanges)
            {
                Commands.Add(command.CommandText);
            }
        }
    }
}
