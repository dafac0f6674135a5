using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Npgsql;

namespace DaprOrders.Testing.Stack;

/// <summary>
/// The whole system: a durable PostgreSQL of its own, and the services from a copy of dapr.yaml on free ports, on the emulator or on
/// Dapr, as they were built or published. Or one that runs already. What it is, <see cref="StackSettings"/> reads from the environment.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class Stack : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly StackSettings _settings;
    private readonly StackOptions _options;
    private readonly RunFile _runFile;
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"dapr-orders-stack-{Guid.NewGuid():N}");
    private StackRuntime? _runtime;
    private PostgresCluster? _postgres;

    /// <param name="options">In what it differs from dapr.yaml.</param>
    /// <param name="settings">On what it runs; as the environment says by default.</param>
    public Stack(StackOptions? options = null, StackSettings? settings = null)
    {
        _settings = settings ?? StackSettings.FromEnvironment();
        _options = options ?? new StackOptions();
        _runFile = RunFile.Read(_settings.Root);
        if (_settings.Attached is not null)
        {
            Instances = [];
            Gateway.BaseAddress = _settings.Attached;
            return;
        }

        _runFile.UseBroker(_settings.Broker);
        _runFile.LogToConsole();
        _runFile.Run(appId => _options.Instead is { } program
            ? _settings.Command(program)
            : _settings.Command(appId, _options.Builds.GetValueOrDefault(appId)));
        _runFile.SetEnvironment(_options.Environment);
        foreach (var (appId, count) in _options.Instances)
        {
            _runFile.Repeat(appId, count);
        }

        Instances = _runFile.UseFreePorts(_options.IsProxied);
        Gateway.BaseAddress = new Uri($"http://127.0.0.1:{Instances.First(instance => instance.AppId == "gateway").Port}");
    }

    /// <summary>Gets the app processes; none when attached.</summary>
    public IReadOnlyList<AppInstance> Instances { get; }

    public HttpClient Gateway { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Gets whether somebody else started the system, so that nothing in it can be started, stopped or broken.</summary>
    public bool IsAttached => _settings.Attached is not null;

    public PostgresCluster Postgres => _postgres ?? throw NotOurs();

    public StackRuntime Runtime => _runtime ?? throw NotOurs();

    public async Task StartAsync()
    {
        if (IsAttached)
        {
            return;
        }

        await PrepareAsync();
        await Runtime.StartAsync();
        await UntilReadyAsync();
    }

    /// <summary>Starts PostgreSQL and writes the run file, but starts none of the apps.</summary>
    public async Task PrepareAsync()
    {
        _postgres = await PostgresCluster.StartAsync(new PostgresOptions
        {
            IsDurable = true,
            DiskMegabytes = _options.DiskMegabytes,
            Settings = _options.PostgresSettings,
        });
        await _postgres.RunScriptAsync(Path.Combine(_settings.Root, "postgres", "init.sql"));
        _runFile.UsePostgres(_postgres.Port);
        Directory.CreateDirectory(_folder);
        var path = Path.Combine(_folder, "dapr.yaml");
        await File.WriteAllTextAsync(path, _runFile.ToString());

        _runtime = _settings.Runtime is RuntimeKind.Dapr ? new DaprRuntime(path) : new EmbeddedRuntime(_settings.Emulator, path, _folder);
    }

    /// <summary>Waits until every app says that it is ready.</summary>
    public Task UntilReadyAsync() => Task.WhenAll(Instances.Select(UntilReadyAsync));

    public async Task UntilReadyAsync(AppInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        using var client = new HttpClient();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var started = Stopwatch.GetTimestamp();
        var answer = "";
        while (await timer.WaitForNextTickAsync())
        {
            if (Runtime.HasEnded || Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new InvalidOperationException($"{instance} is not ready: {answer}\n{Runtime.Output}");
            }

            try
            {
                using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{instance.Port}/healthz/ready"));
                answer = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                answer = e.Message;
            }
        }
    }

    /// <summary>The connection string of a service's database, for the role that owns it or for another one.</summary>
    public string ConnectionString(string database, string? role = null)
    {
        var connection = new NpgsqlConnectionStringBuilder(
            _settings.Connections.GetValueOrDefault(database) ?? _runFile.ConnectionString(database));
        if (role is not null)
        {
            connection.Username = role;
            connection.Password = role;
        }

        return connection.ConnectionString;
    }

    /// <summary>Runs one statement in a service's database, as that service's role or as another one.</summary>
    public async Task<object?> QueryAsync(string database, string sql, string? role = null)
    {
        await using var source = NpgsqlDataSource.Create(ConnectionString(database, role) + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        if (_runtime is not null)
        {
            await _runtime.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static InvalidOperationException NotOurs() => new("The system was started by somebody else (GATEWAY_URL), or not yet.");
}
