using System.Net.Http.Headers;
using DaprOrders.Messaging.Tests;
using DaprOrders.SetBasedSaveChanges;
using DaprOrders.Stack;
using DaprOrders.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

[assembly: AssemblyFixture(typeof(MessagingFixture))]

namespace DaprOrders.Messaging.Tests;

/// <summary>Starts one PostgreSQL for all tests of the assembly. Each test gets its own database.</summary>
public sealed class MessagingFixture : IAsyncDisposable
{
    private readonly Lazy<Task<(PostgresCluster Server, string Template)>> _cluster = new(StartClusterAsync);

    internal async Task<MessagingHost> StartAsync(bool withRelay = false, params (string Key, string Value)[] settings)
    {
        var (server, template) = await _cluster.Value;
        return await MessagingHost.StartAsync(server.ConnectionString(await server.CreateDatabaseAsync(template)), withRelay, settings);
    }

    /// <summary>Creates a database with the tables, and returns its connection string.</summary>
    internal static async Task<string> CreateDatabaseAsync(PostgresCluster server)
    {
        var connectionString = server.ConnectionString(await server.CreateDatabaseAsync());
        await using var source = NpgsqlDataSource.Create(connectionString);
        var options = new DbContextOptionsBuilder<NotesDbContext>().UseNpgsql(source).UseSnakeCaseNamingConvention().Options;
        await using var db = new NotesDbContext(options);
        await db.Database.EnsureCreatedAsync();
        return connectionString;
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
        var connection = new NpgsqlConnectionStringBuilder(await CreateDatabaseAsync(server));
        return (server, connection.Database!);
    }
}

/// <summary>Runs a small service with the messaging library and a stub of its sidecar. By default the relay runs only when the test calls it.</summary>
internal sealed class MessagingHost : IAsyncDisposable
{
    public const string AppToken = "the app's token";
    private const string OperatorToken = "the operators' token";

    private readonly NpgsqlDataSource _database;

    private MessagingHost(WebApplication app, SidecarStub sidecar, FakeTimeProvider time, string connectionString)
    {
        App = app;
        Sidecar = sidecar;
        Time = time;
        ConnectionString = connectionString;
        Client = app.GetTestClient();
        Client.DefaultRequestHeaders.Add("dapr-api-token", AppToken);
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", OperatorToken);
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 4 });
    }

    public WebApplication App { get; }

    /// <summary>Gets a client with the tokens of the sidecar and of the operators.</summary>
    public HttpClient Client { get; }

    public SidecarStub Sidecar { get; }

    public FakeTimeProvider Time { get; }

    public string ConnectionString { get; }

    public Relay Relay => App.Services.GetRequiredService<Relay>();

    public NotedHandler.Script Handler => App.Services.GetRequiredService<NotedHandler.Script>();

    /// <summary>Gets the messages that were logged at Warning and above.</summary>
    public IEnumerable<string> Warnings => App.Services.GetFakeLogCollector().GetSnapshot()
        .Where(record => record.Level >= LogLevel.Warning && record.Category!.StartsWith("DaprOrders", StringComparison.Ordinal))
        .Select(record => record.Message);

    public static async Task<MessagingHost> StartAsync(
        string connectionString, bool withRelay, (string Key, string Value)[] settings, SidecarStub? shared = null)
    {
        var sidecar = shared ?? new SidecarStub();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var environment = settings.FirstOrDefault(setting => setting.Key == "environment").Value;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = environment ?? "Production" });
        builder.WebHost.UseTestServer();
        builder.Logging.ClearProviders().AddFakeLogging();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["APP_ID"] = "notes",
            ["APP_API_TOKEN"] = AppToken,
            ["Operator:Token"] = OperatorToken,
            ["DAPR_HTTP_ENDPOINT"] = sidecar.Url,
            ["ConnectionStrings:Database"] = connectionString,
        });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, setting => (string?)setting.Value));
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<NotedHandler.Script>();
        builder.Services.AddDbContext<NotesDbContext>(options => options
            .UseNpgsql(connectionString).UseSnakeCaseNamingConvention()
            .UseSetBasedSaveChanges(builder.Configuration.GetValue("SetBasedSaveChanges:Enabled", defaultValue: true)));
        builder.AddMessaging<NotesDbContext>();
        if (!withRelay)
        {
            builder.Services.RemoveAll<IHostedService>();
        }

        var app = builder.Build();
        app.MapEvent<Noted, NotedHandler>();
        app.MapDeadLetters();
        await app.StartAsync();
        return new MessagingHost(app, sidecar, time, connectionString);
    }

    /// <summary>Publishes the texts in one transaction. Without <paramref name="key"/> each text is its own key.</summary>
    public async Task<Guid[]> PublishAsync(string? key = null, params string[] texts)
    {
        await using var scope = App.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NotesDbContext>();
        // EF Core inserts rows in the order of their ids. Ids of the same millisecond have no order, so each id gets its own millisecond.
        var ids = texts.Select((_, i) => Guid.CreateVersion7(DateTimeOffset.UtcNow.AddMilliseconds(i))).ToArray();
        foreach (var (text, id) in texts.Zip(ids))
        {
            db.Publish(new Noted(text, key ?? text) { EventId = id });
        }

        await db.SaveChangesAsync();
        return ids;
    }

    /// <summary>Runs the relay until it has nothing to do.</summary>
    public Task RelayAsync() => Wait.UntilAsync("nothing left to relay", async () => (await Relay.RelayBatchAsync(default)).Processed == 0);

    /// <summary>Runs the relay and skips its pauses until the outbox contains only these texts.</summary>
    public Task RelayThroughOutageAsync(string until) => Wait.UntilAsync($"the outbox '{until}'", async () =>
    {
        await Relay.RelayBatchAsync(default);
        Time.Advance(Relay.Pause);
        return await OutboxAsync() == until;
    });

    /// <summary>Returns the description of a health check, or its status if it has no description.</summary>
    public async Task<string> HealthAsync(string check)
    {
        var report = await App.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(registration => registration.Name == check);
        return report.Entries[check].Description ?? $"{report.Status}";
    }

    public async Task<T> QueryAsync<T>(string sql)
    {
        await using var command = _database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync() ?? throw new InvalidOperationException($"No row: {sql}"));
    }

    /// <summary>Postpones refused events by an hour. On a busy machine their delay of one second could end before the test checks them.</summary>
    public Task PostponeRefusedAsync() => QueryAsync<long>(
        "WITH later AS (UPDATE outbox SET not_before = now() + interval '1 hour' WHERE attempts > 0 RETURNING 1) SELECT count(*) FROM later");

    public Task<string> OutboxAsync() =>
        QueryAsync<string>("SELECT coalesce(string_agg(data ->> 'text', ' ' ORDER BY position), '') FROM outbox");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.DisposeAsync();
        await _database.DisposeAsync();
        await using var service = new NpgsqlConnection(ConnectionString);
        NpgsqlConnection.ClearPool(service); // otherwise its connections stay open until the process ends
        Sidecar.Dispose();
    }
}
