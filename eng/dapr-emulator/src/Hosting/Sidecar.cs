using DaprOrders.DaprEmulator.Api;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Delivery;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.RunFile;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Hosting;

/// <summary>What all sidecars of a run share.</summary>
/// <param name="ApiToken">The token that every call to a sidecar must carry, if any.</param>
/// <param name="AppToken">The token that every call to an app carries, if any.</param>
internal sealed record SidecarHost(
    MessageBroker Broker, NameRegistry Names, TimeProvider Time, string? ApiToken = null, string? AppToken = null);

/// <summary>The sidecar of one app instance. It starts once and ends once, gracefully or as in a crash.</summary>
internal sealed partial class Sidecar : IInvocationTarget, IAsyncDisposable
{
    private static readonly TimeSpan AppProbeInterval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _gone = new();
    private readonly SidecarHost _host;
    private readonly SidecarState _state;
    private readonly SidecarServer _server;
    private readonly List<Consumer> _consumers = [];
    private readonly Dictionary<string, SemaphoreSlim> _bulkTurns = [];
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _logger;
    private Task _starting = Task.CompletedTask;
    private int _ended;

    /// <exception cref="ResourceException">Dapr would not start with these resources, or they ask for what is not emulated.</exception>
    public Sidecar(SidecarHost host, AppSpec spec, ILogger logger)
    {
        _host = host;
        _logger = logger;
        var resources = ResourceLoader.Load(spec.AppId, spec.ResourcesPaths, spec.ConfigFile);
        _state = new SidecarState
        {
            Spec = spec,
            Resources = resources,
            PubSubs = PubSubFactory.CreateAll(resources, spec.AppId, spec.Name),
            Time = host.Time,
            Logger = logger,
            App = spec.AppPort is { } port ? new AppChannel(port, host.AppToken, spec.ReadBufferBytes) : null,
            ApiToken = host.ApiToken,
            Gone = _gone.Token,
        };
        var publisher = new Publisher(_state, host.Broker);
        var api = new SidecarApi(_state, publisher, host.Names, () => _shutdown.TrySetResult());
        _server = new SidecarServer(spec, api.HandleAsync);
    }

    public AppSpec Spec => _state.Spec;

    public AppChannel? App => _state.App;

    public string InternalAddress => $"127.0.0.1:{Spec.InternalPort}";

    public CancellationToken Gone => _state.Gone;

    public int HttpPort => _server.Port;

    public bool IsReady => _state.IsReady;

    /// <summary>Gets a task that completes when the app has asked the sidecar to shut down.</summary>
    public Task ShutdownRequested => _shutdown.Task;

    /// <summary>Gets a task that completes when the sidecar is ready with its app.</summary>
    public Task Ready => _starting;

    /// <summary>Starts listening, and waits for the app in the background.</summary>
    /// <exception cref="IOException">The port is taken.</exception>
    public async Task StartAsync()
    {
        _state.Resources.Warnings.ForEach(LogWarning);
        foreach (var pubSub in _state.PubSubs.Values)
        {
            if (PubSubFactory.LossOf(pubSub, _state.Resources.Resiliency) is { } loss)
            {
                LogWarning(loss);
            }
        }

        await _server.StartAsync();
        _host.Names.Register(Spec.AppId, this);
        _starting = Task.Run(StartWithAppAsync);
    }

    /// <summary>Ends as a killed process does: connections are reset, and nothing more is committed or delivered.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return;
        }

        _host.Names.Expire(Spec.AppId, this);
        var dropped = _server.DropAsync();
        await _gone.CancelAsync();
        await dropped;
        await LeaveAsync();
    }

    /// <summary>Ends gracefully: what is in flight is finished or redelivered.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return;
        }

        _host.Names.Unregister(Spec.AppId, this);
        await _server.StopAsync();
        await _gone.CancelAsync();
        await LeaveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _server.DisposeAsync();
        _state.App?.Dispose();
        _gone.Dispose();
    }

    private async Task LeaveAsync()
    {
        await _starting;
        await Task.WhenAll(_consumers.Select(consumer => consumer.DisposeAsync().AsTask()));
    }

    private async Task StartWithAppAsync()
    {
        try
        {
            if (_state.App is { } app)
            {
                LogWaiting(app.Port);
                while (!await app.ListensAsync(_gone.Token))
                {
                    await Task.Delay(AppProbeInterval, TimeProvider.System, _gone.Token);
                }

                LogDiscovered(app.Port);
                await SubscribeAsync();
            }

            _state.IsReady = true;
            LogReady(Spec.AppId);
        }
        catch (OperationCanceledException) when (_gone.IsCancellationRequested)
        {
            // The sidecar ended before its app listened.
        }
        catch (Exception failure)
        {
            LogNotStarted(failure, Spec.AppId);
        }
    }

    private async Task SubscribeAsync()
    {
        var app = new AppSubscriptions(_state);
        await app.AskForConfigurationAsync(_gone.Token);
        if (_state.PubSubs.Count == 0 || await app.AskAsync(_gone.Token) is not { } programmatic)
        {
            return;
        }

        _state.Subscriptions =
        [
            .. programmatic,
            .. _state.Resources.Subscriptions.Where(declared =>
                !programmatic.Any(other => other.PubSub == declared.PubSub && other.Topic == declared.Topic)),
        ];
        foreach (var spec in _state.Subscriptions)
        {
            Start(spec);
        }
    }

    private void Start(SubscriptionSpec spec)
    {
        if (!_state.PubSubs.TryGetValue(spec.PubSub, out var pubSub))
        {
            // A programmatic subscription is in no file but the run file that names the app.
            LogUnknownPubSub(spec.Declarative ? spec.Place : $"{Spec.Place}: {spec.Place}", spec.Topic, spec.PubSub);
            return;
        }

        if (!pubSub.Scopes.MaySubscribe(spec.Topic))
        {
            LogForbidden(spec.Topic, spec.PubSub);
            return;
        }

        if (!_bulkTurns.TryGetValue(pubSub.Name, out var turn))
        {
            _bulkTurns[pubSub.Name] = turn = new SemaphoreSlim(1);
        }

        var consumer = new Consumer(new Subscription(_state, _host.Broker, spec, pubSub), _host.Broker, turn);
        _consumers.Add(consumer);
        consumer.Start();
        LogSubscribed(spec.Topic, spec.PubSub);
    }

    [LoggerMessage(LogLevel.Warning, "{Text}")]
    private partial void LogWarning(string text);

    [LoggerMessage(LogLevel.Information, "Waiting for the app on port {Port}")]
    private partial void LogWaiting(int port);

    [LoggerMessage(LogLevel.Information, "The app listens on port {Port}")]
    private partial void LogDiscovered(int port);

    [LoggerMessage(LogLevel.Information, "The sidecar of {AppId} is ready")]
    private partial void LogReady(string appId);

    [LoggerMessage(LogLevel.Critical, "The sidecar of {AppId} could not start its subscriptions")]
    private partial void LogNotStarted(Exception failure, string appId);

    [LoggerMessage(LogLevel.Warning, "{Place}: Subscription to topic {Topic} names the unknown pub/sub {PubSub} and is ignored")]
    private partial void LogUnknownPubSub(string place, string topic, string pubSub);

    [LoggerMessage(LogLevel.Error, "Subscription to topic {Topic} of {PubSub} is not allowed")]
    private partial void LogForbidden(string topic, string pubSub);

    [LoggerMessage(LogLevel.Information, "The app is subscribed to topic {Topic} of {PubSub}")]
    private partial void LogSubscribed(string topic, string pubSub);
}
