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
/// Starts one PostgreSQL for all tests of an assembly and migrates one database of the service. Each test gets a copy of that database.
/// </summary>
/// <typeparam name="TProgram">The <c>Program</c> class of the service.</typeparam>
public abstract class ServiceFixture<TProgram>(string appId) : IAsyncDisposable
    where TProgram : class
{
    private readonly SemaphoreSlim _starting = new(1);
    private PostgresCluster? _cluster;
    private string? _template;

    /// <summary>Starts the service for one test, with its own database and a sidecar that accepts everything.</summary>
    /// <param name="settings">The configuration settings.</param>
    public Task<ServiceHost<TProgram>> StartAsync(params (string Key, string Value)[] settings) => StartAsync(TimeProvider.System, settings);

    /// <summary>Starts the service for one test with the given clock.</summary>
    public async Task<ServiceHost<TProgram>> StartAsync(TimeProvider time, params (string Key, string Value)[] settings)
    {
        ArgumentNullException.ThrowIfNull(time);
        var (cluster, template) = await MigratedAsync();
        var database = cluster.ConnectionString(await cluster.CreateDatabaseAsync(template));
        return new ServiceHost<TProgram>(appId, database, new SidecarStub(), settings) { Time = time };
    }

    /// <summary>Creates an empty database and returns its connection string.</summary>
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

/// <summary>Runs a service with a database and a stub of its sidecar.</summary>
public sealed class ServiceHost<TProgram>(
    string appId, string database, SidecarStub sidecar, params (string Key, string Value)[] settings) : WebApplicationFactory<TProgram>
    where TProgram : class
{
    /// <summary>The SQL that returns the settings of the database for new sessions.</summary>
    public const string DatabaseSettings =
        """
        SELECT string_agg(setting, ',' ORDER BY setting)
        FROM pg_db_role_setting, unnest(setconfig) setting
        WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
        """;

    /// <summary>The value of APP_API_TOKEN. Clients of the host send it, as the sidecar does.</summary>
    public const string AppToken = "the app's token";

    private readonly FakeLogCollector _log = new();

    public SidecarStub Sidecar { get; } = sidecar;

    /// <summary>Gets a data source for the test. The service uses other connections, which are closed when the service stops.</summary>
    public NpgsqlDataSource Database { get; } = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database) { MaxPoolSize = 4 });

    public string ConnectionString { get; } = database;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets the warnings and errors that the service and its libraries have logged.</summary>
    public IReadOnlyList<string> Warnings => [.. _log.GetSnapshot().Select(record => record.Message)];

    public void Start() => CreateClient().Dispose();

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until this number of transactions in the database wait for locks. Relays do not count.</summary>
    public Task UntilBlockedAsync(int transactions = 1) => Wait.UntilAsync(
        $"{transactions} transactions to wait for locks",
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

    protected override void ConfigureClient(HttpClient client)
    {
        base.ConfigureClient(client);
        client.DefaultRequestHeaders.Add("dapr-api-token", AppToken);
    }

    /// <summary>Enables critical entries of the framework, because ASP.NET Core starts a trace only if its logger is enabled.</summary>
    private static LogLevel MinimumLevel(string? category) =>
        category?.StartsWith("DaprOrders.", StringComparison.Ordinal) == true ? LogLevel.Warning : LogLevel.Critical;

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.UseEnvironment("Development");
        builder.UseSetting("APP_ID", appId);
        builder.UseSetting("APP_API_TOKEN", AppToken);
        builder.UseSetting("DAPR_HTTP_ENDPOINT", Sidecar.Url);
        builder.UseSetting("ConnectionStrings:Database", ConnectionString);
        builder.UseSetting("Serilog:MinimumLevel:Default", "Fatal");
        builder.ConfigureTestServices(services => services
            .DisableBackgroundHealthChecks()
            .AddSingleton(Time)
            .AddSingleton(_ => LoggerFactory.Create(logging => logging
                .AddProvider(new FakeLoggerProvider(_log))
                .AddFilter((category, level) => level >= MinimumLevel(category)))));
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }
    }
}
