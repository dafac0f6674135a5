using DaprOrders.Stack;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Npgsql;

namespace DaprOrders.Testing;

/// <summary>
/// A service against a real PostgreSQL, once for all tests of an assembly. It is migrated once; each test gets a copy of that database.
/// </summary>
/// <typeparam name="TProgram">The service's Program.</typeparam>
public abstract class ServiceFixture<TProgram>(string appId) : IAsyncDisposable
    where TProgram : class
{
    private readonly SemaphoreSlim _starting = new(1);
    private PostgresCluster? _cluster;
    private string? _template;

    /// <summary>Starts the service for one test, with a database of its own and a sidecar that accepts everything.</summary>
    /// <param name="settings">Settings of the configuration, by their keys.</param>
    public Task<ServiceHost<TProgram>> StartAsync(params (string Key, string Value)[] settings) => StartAsync(TimeProvider.System, settings);

    /// <summary>Starts the service with another clock.</summary>
    public async Task<ServiceHost<TProgram>> StartAsync(TimeProvider time, params (string Key, string Value)[] settings)
    {
        ArgumentNullException.ThrowIfNull(time);
        var (cluster, template) = await MigratedAsync();
        var database = cluster.ConnectionString(await cluster.CreateDatabaseAsync(template));
        return new ServiceHost<TProgram>(appId, database, new SidecarStub(), settings) { Time = time };
    }

    /// <summary>Creates an empty database.</summary>
    /// <returns>Its connection string.</returns>
    public async Task<string> CreateEmptyDatabaseAsync()
    {
        var (cluster, _) = await MigratedAsync();
        return cluster.ConnectionString(await cluster.CreateDatabaseAsync());
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _starting.Dispose();
    }

    private async Task<(PostgresCluster Cluster, string Template)> MigratedAsync()
    {
        await _starting.WaitAsync();
        try
        {
            _cluster ??= await PostgresCluster.StartAsync();
            if (_template is null)
            {
                var template = await _cluster.CreateDatabaseAsync();
                await using (var host = new ServiceHost<TProgram>(appId, _cluster.ConnectionString(template), new SidecarStub()))
                {
                    host.Start();
                }

                _template = template;
            }

            return (_cluster, _template);
        }
        finally
        {
            _starting.Release();
        }
    }
}

/// <summary>A running service, its database and the stub of its sidecar.</summary>
public sealed class ServiceHost<TProgram>(
    string appId, string database, SidecarStub sidecar, params (string Key, string Value)[] settings) : WebApplicationFactory<TProgram>
    where TProgram : class
{
    /// <summary>Selects the settings that the database gives to new sessions.</summary>
    public const string DatabaseSettings =
        """
        SELECT string_agg(setting, ',' ORDER BY setting)
        FROM pg_db_role_setting, unnest(setconfig) setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    private readonly FakeLogCollector _log = new();

    public SidecarStub Sidecar { get; } = sidecar;

    /// <summary>Gets the test's own connections to the database. Those of the service are others, and end with it.</summary>
    public NpgsqlDataSource Database { get; } = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 4 });

    public string ConnectionString { get; } = database;

    /// <summary>Gets the clock of the service.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets the warnings and errors that the service and its libraries have logged so far.</summary>
    public IReadOnlyList<string> Warnings => [.. _log.GetSnapshot().Select(record => record.Message)];

    /// <summary>Starts the service.</summary>
    public void Start() => CreateClient().Dispose();

    /// <summary>Reads one value by SQL.</summary>
    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Runs SQL that returns nothing.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until so many transactions in this database, not counting relays, wait for locks.</summary>
    public Task UntilBlockedAsync(int transactions = 1) => Wait.UntilAsync(
        $"{transactions} transactions that wait for locks",
        async () => await QueryAsync<long>(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name <> 'outbox relay'
            """) >= transactions);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Database.DisposeAsync();
        Sidecar.Dispose();
    }

    /// <summary>Critical entries of the framework count too: without them the host would start no trace.</summary>
    private static LogLevel Least(string? category) =>
        category?.StartsWith("DaprOrders.", StringComparison.Ordinal) == true ? LogLevel.Warning : LogLevel.Critical;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.UseEnvironment("Development");
        builder.UseSetting("APP_ID", appId);
        builder.UseSetting("DAPR_HTTP_ENDPOINT", Sidecar.Url);
        builder.UseSetting("ConnectionStrings:Database", ConnectionString);
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        builder.ConfigureTestServices(services => services
            .AddSingleton(Time)
            .AddSingleton(_ => LoggerFactory.Create(logging => logging
                .AddProvider(new FakeLoggerProvider(_log))
                .AddFilter((category, level) => level >= Least(category)))));
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
