using Npgsql;

namespace DaprOrders.Stack;

/// <summary>
/// Starts the whole system: a durable PostgreSQL, and the built or published services of a copy of dapr.yaml, on free ports, on the emulator or on
/// Dapr. It can also use a system that is already running. <see cref="StackSettings"/> reads from the environment what to use.
/// </summary>
public sealed class StackHost : IAsyncDisposable
{
    /// <summary>The limit is high because up to sixteen processes start at once, possibly on two cores that other programs use.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(300);

    private readonly StackSettings _settings;
    private readonly StackOptions _options;
    private readonly RunFile _runFile;
    private string? _folder;
    private StackRuntime? _runtime;
    private StackRuntime? _deferred;
    private PostgresCluster? _postgres;
    private LocalTokens? _tokens;

    /// <param name="options">The differences from dapr.yaml.</param>
    /// <param name="settings">The runtime, broker and programs; by default those that the environment names.</param>
    public StackHost(StackOptions? options = null, StackSettings? settings = null)
    {
        _settings = settings ?? StackSettings.FromEnvironment();
        _options = options ?? new StackOptions();
        _runFile = RunFile.Read(Path.Combine(_settings.Root, _options.RunFile));
        if (_settings.Attached is not null)
        {
            Instances = [];
            Gateway.BaseAddress = _settings.Attached;
            return;
        }

        _runFile.UseBroker(_settings.Broker);
        _runFile.LogToConsole();
        _runFile.Run(appId => _options.Unchanged.Contains(appId) ? null : _options.Instead is { } program
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

    public HttpClient Gateway { get; } = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Gets whether the system was already running, so that a test cannot start or stop anything in it.</summary>
    public bool IsAttached => _settings.Attached is not null;

    public PostgresCluster Postgres => _postgres ?? throw NotStarted();

    /// <summary>Gets the broker that was started for this stack; null on the emulator, and if the broker was already running.</summary>
    public BrokerHost? Broker { get; private set; }

    public StackRuntime Runtime => _runtime ?? throw NotStarted();

    /// <summary>Gets the tokens that the services require.</summary>
    public LocalTokens Tokens => _tokens ?? throw NotStarted();

    public async Task StartAsync()
    {
        if (IsAttached)
        {
            return;
        }

        await PrepareAsync();
        await Runtime.StartAsync();
        await UntilReadyAsync([.. Instances.Where(instance => !_options.Deferred.Contains(instance.AppId))]);
    }

    /// <summary>Starts the apps of <see cref="StackOptions.Deferred"/>.</summary>
    public async Task StartDeferredAsync()
    {
        var path = Path.Combine(_folder!, "deferred.yaml");
        await File.WriteAllTextAsync(path, _runFile.ToString(_options.Deferred.Contains));
        _deferred = new DaprRuntime(path) { Environment = Tokens.Environment };
        await _deferred.StartAsync();
        await UntilReadyAsync([.. Instances.Where(instance => _options.Deferred.Contains(instance.AppId))]);
    }

    /// <summary>Starts PostgreSQL and, on Dapr, the broker, and writes the run file, but does not start the apps.</summary>
    public async Task PrepareAsync()
    {
        await Ownership.PrepareAsync();
        _postgres = await PostgresCluster.StartAsync(new PostgresOptions
        {
            IsDurable = true,
            DiskMegabytes = _options.DiskMegabytes,
            Settings = _options.PostgresSettings,
        });
        await _postgres.RunScriptAsync(Path.Combine(_settings.Root, "postgres", "init.sql"));
        _runFile.UsePostgres(await _options.StartPooler(_postgres.Port), _options.ConnectionKeywords);
        _folder = Ownership.CreateFolder("stack");
        if (_settings.Runtime is RuntimeKind.Dapr)
        {
            await PrepareDaprAsync(_folder);
        }
        else
        {
            _runFile.CopyResources(Path.Combine(_folder, "resources"), _options.ChangeResource);
        }

        var path = Path.Combine(_folder, "dapr.yaml");
        await File.WriteAllTextAsync(path, _runFile.ToString(appId => !_options.Deferred.Contains(appId)));

        _tokens = LocalTokens.In(_folder);
        _runtime = _settings.Runtime is RuntimeKind.Dapr
            ? new DaprRuntime(path) { Environment = Tokens.Environment }
            : new EmulatorRuntime(_settings.Emulator, path, _folder) { Environment = Tokens.Environment };
    }

    /// <summary>Waits until every app is ready.</summary>
    public Task UntilReadyAsync() => UntilReadyAsync([.. Instances]);

    /// <summary>Waits until some apps are ready.</summary>
    /// <exception cref="StackException">They were not ready in time. The message contains the output of the system.</exception>
    public async Task UntilReadyAsync(params AppInstance[] instances)
    {
        var readiness = new Readiness([.. instances.Select(instance => Probe.OfService($"{instance}", instance.Port))]);
        try
        {
            if (!await readiness.WaitAsync(StartTimeout, () => Runtime.HasEnded, _ => { }, CancellationToken.None))
            {
                throw new StackException("the runtime ended before the apps were ready");
            }
        }
        catch (StackException e)
        {
            throw new StackException($"{e.Message}\n{Runtime.Output}", e);
        }
    }

    /// <summary>Returns the connection string of a service's database, for the service's role or for another role.</summary>
    public string ConnectionString(string database, string? role = null)
    {
        var connection = new NpgsqlConnectionStringBuilder(
            _settings.Connections.GetValueOrDefault(database) ?? _runFile.Apps.First(app => app.Database?.Database == database).Database!.ConnectionString);
        if (role is not null)
        {
            connection.Username = role;
            connection.Password = role;
        }

        return connection.ConnectionString;
    }

    /// <summary>Returns the connection string of the role that owns a service's database. Not for an attached system.</summary>
    public string OwnerConnectionString(string database) =>
        _runFile.Databases.Values.First(settings => settings.Service.Database == database).Logins.Last().ConnectionString;

    /// <summary>Executes one statement in a service's database, as that service's role or as another role.</summary>
    public Task<object?> QueryAsync(string database, string sql, string? role = null) => ExecuteAsync(ConnectionString(database, role), sql);

    /// <summary>Executes one statement as the role that owns a service's database, which can change the schema.</summary>
    public Task ExecuteAsOwnerAsync(string database, string sql) => ExecuteAsync(OwnerConnectionString(database), sql);

    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        if (_deferred is not null)
        {
            await _deferred.DisposeAsync();
        }

        if (_runtime is not null)
        {
            await _runtime.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        if (Broker is not null)
        {
            await Broker.DisposeAsync();
        }

        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    /// <summary>Starts the broker, or uses the one at the address in the component if its program is not installed.</summary>
    private async Task PrepareDaprAsync(string folder)
    {
        var address = Stack.Broker.Read(_runFile.ComponentFile);
        if (_options.BrokerAddresses is null && BrokerPrograms.Reason(address.Name) is null)
        {
            var rabbit = Directory.CreateDirectory(Path.Combine(folder, "rabbitmq")).FullName;
            foreach (var file in Directory.GetFiles(Path.Combine(_settings.Root, "rabbitmq")))
            {
                await File.WriteAllTextAsync(Path.Combine(rabbit, Path.GetFileName(file)), _options.ChangeResource(await File.ReadAllTextAsync(file)));
            }

            Broker = await BrokerHost.StartAsync(_runFile.ComponentFile, rabbit, _options.BrokerProxies, _options.RedisOptions);
        }
        else if (_options.BrokerAddresses is null && !await address.RespondsAsync(CancellationToken.None))
        {
            throw new StackException($"{BrokerPrograms.Reason(address.Name)}, and {address} does not respond; start one with: docker compose up -d");
        }

        _runFile.CopyResources(Path.Combine(folder, "resources"), text =>
        {
            text = _options.ChangeResource(text);
            if ((_options.BrokerAddresses ?? (Broker is null ? null : $"127.0.0.1:{Broker.Port}")) is { } addresses)
            {
                text = text.Replace($"{address.Host}:{address.Port}", addresses, StringComparison.Ordinal);
            }

            // With the default, mDNS, a sidecar also finds the apps of another run on this network.
            return !text.Contains("kind: Configuration", StringComparison.Ordinal) ? text : text.Replace(
                "\nspec:\n", $"\nspec:\n  nameResolution:\n    component: sqlite\n    version: v1\n    configuration:\n      connectionString: {folder}/names.db\n",
                StringComparison.Ordinal);
        });
        foreach (var (appId, port) in Broker is null ? new Dictionary<string, int>() : _options.BrokerProxies)
        {
            _runFile.UseBrokerAddress(appId, Path.Combine(folder, "resources"), $"127.0.0.1:{Broker!.Port}", $"127.0.0.1:{port}");
        }
    }

    private static async Task<object?> ExecuteAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private static InvalidOperationException NotStarted() => new("The system is not started yet, or was not started by this test (GATEWAY_URL is set).");
}
