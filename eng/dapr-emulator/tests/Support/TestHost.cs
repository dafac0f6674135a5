using System.Text;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.RunFile;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>Runs a broker and sidecars in this process, with a temporary folder and with ports that the system chooses.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-emulator-").FullName;
    private readonly List<Sidecar> _sidecars = [];
    private readonly SidecarHost _host;
    private readonly WaitableList<string> _log = new();

    public TestHost(TimeProvider? time = null, string? apiToken = null, string? appToken = null)
    {
        time ??= TimeProvider.System;
        Broker = new MessageBroker(Path.Combine(_folder, "data"), time);
        _host = new SidecarHost(Broker, new NameRegistry(time), time, apiToken, appToken);
        Resources = Directory.CreateDirectory(Path.Combine(_folder, "resources")).FullName;
    }

    public MessageBroker Broker { get; }

    /// <summary>Gets the resources folder of the sidecars.</summary>
    public string Resources { get; }

    public HttpClient Client { get; } = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });

    public IReadOnlyList<string> Log => _log.Items;

    public Task WaitForLogAsync(string text) => _log.WaitForAsync(1, line => line.Contains(text, StringComparison.Ordinal), $"log line '{text}'");

    /// <summary>Executes SQL in the database of the broker, as if a disk error had changed it.</summary>
    public async Task ChangeStoreAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "data", "broker.db")};Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public void AddResource(string name, string yaml) => File.WriteAllText(Path.Combine(Resources, name), yaml);

    /// <summary>Adds resource files that the recordings used.</summary>
    public void AddSetup(params string[] names)
    {
        foreach (var name in names)
        {
            File.Copy(Path.Combine(Recording.Folder, "setup", name), Path.Combine(Resources, name));
        }
    }

    public Sidecar Create(string appId, int? appPort = null, int instance = 1, bool tracing = false) => new(
        _host,
        new AppSpec
        {
            AppId = appId,
            Instance = instance,
            Directory = _folder,
            AppPort = appPort,
            HttpPort = 0,
            GrpcPort = 0,
            MetricsPort = 0,
            InternalPort = 54600 + instance,
            ResourcesPaths = [Resources],
            ConfigFile = tracing ? null : Path.Combine(Recording.Folder, "setup", "config.yaml"),
        },
        new ListLogger(_log));

    /// <summary>Starts a sidecar and waits until it is ready.</summary>
    public async Task<Sidecar> StartAsync(string appId, int? appPort = null, int instance = 1, bool tracing = false)
    {
        var sidecar = Create(appId, appPort, instance, tracing);
        _sidecars.Add(sidecar);
        await sidecar.StartAsync();
        await Waiting.ForAsync(sidecar.Ready, () => $"the sidecar of {appId} to be ready");
        return sidecar;
    }

    public static string AddressOf(Sidecar sidecar) => $"http://127.0.0.1:{sidecar.HttpPort}";

    public Task<HttpResponseMessage> PostAsync(Sidecar sidecar, string path, string json) => Client.PostAsync(
        AddressOf(sidecar) + path, new StringContent(json, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    public async Task PublishAsync(Sidecar sidecar, string path, string json = "{}")
    {
        using var response = await PostAsync(sidecar, "/v1.0/publish/" + path, json);
        Assert.Equal(204, (int)response.StatusCode);
    }

    public Task<string> GetAsync(Sidecar sidecar, string path) =>
        Client.GetStringAsync(AddressOf(sidecar) + path, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var sidecar in _sidecars)
        {
            await sidecar.DisposeAsync();
        }

        Client.Dispose();
        Broker.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class ListLogger(WaitableList<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add($"{logLevel}: {formatter(state, exception)} {exception}");
    }
}
