using DaprOrders.DaprEmulator.Api;
using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Delivery;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.Publishing;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.RunFile;
using DaprOrders.DaprEmulator.Runtime;

namespace DaprOrders.DaprEmulator.Hosting;

/// <summary>The objects and settings that all sidecars of a run share.</summary>
/// <param name="ApiToken">The token that calls to a sidecar must have, or null.</param>
/// <param name="AppToken">The token that sidecars send with calls to their apps, or null.</param>
internal sealed record SidecarHost(
    MessageBroker Broker, NameRegistry Names, TimeProvider Time, string? ApiToken = null, string? AppToken = null);

/// <summary>The sidecar of one app instance. It can be started once and then stopped or killed once.</summary>
internal sealed partial class Sidecar : IInvocationTarget, IAsyncDisposable
{
    private static readonly TimeSpan AppProbeInterval = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stopped = new();
    private readonly SidecarHost _host;
    private readonly SidecarState _state;
    private readonly SidecarServer _server;
    private readonly List<Consumer> _consumers = [];
    private readonly Dictionary<string, SemaphoreSlim> _bulkLocks = [];
    private readonly TaskCompletionSource _shutdown = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ILogger _logger;
    private Task _startup = Task.CompletedTask;
    private int _ended;

    /// <exception cref="ResourceException">Dapr would not start with these resources, or they use a feature that is not emulated.</exception>
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
            Stopped = _stopped.Token,
        };
        var publisher = new Publisher(_state, host.Broker);
        var api = new SidecarApi(_state, publisher, host.Names, () => _shutdown.TrySetResult());
        _server = new SidecarServer(spec, api.HandleAsync);
    }

    public AppSpec Spec => _state.Spec;

    public AppChannel? App => _state.App;

    public string InternalAddress => $"127.0.0.1:{Spec.InternalPort}";

    public CancellationToken Stopped => _state.Stopped;

    public int HttpPort => _server.Port;

    public bool IsReady => _state.IsReady;

    /// <summary>Gets a task that completes when the app requests the shutdown of the sidecar.</summary>
    public Task ShutdownRequested => _shutdown.Task;

    /// <summary>Gets a task that completes when the app listens and the subscriptions have started.</summary>
    public Task Ready => _startup;

    /// <summary>Starts the HTTP port and waits for the app in the background.</summary>
    /// <exception cref="IOException">The port is in use.</exception>
    public async Task StartAsync()
    {
        _state.Resources.Warnings.ForEach(LogWarning);
        foreach (var pubSub in _state.PubSubs.Values)
        {
            if (PubSubFactory.DescribeLoss(pubSub, _state.Resources.Resiliency) is { } loss)
            {
                LogWarning(loss);
            }
        }

        await _server.StartAsync();
        _host.Names.Register(Spec.AppId, this);
        _startup = Task.Run(WaitForAppAsync);
    }

    /// <summary>Simulates a killed process: resets all connections, and commits and delivers nothing afterwards.</summary>
    public async Task KillAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return;
        }

        _host.Names.Expire(Spec.AppId, this);
        var reset = _server.ResetAsync();
        await _stopped.CancelAsync();
        await reset;
        await StopConsumersAsync();
    }

    /// <summary>Stops gracefully. Requests in flight get up to a second, and events whose delivery has not finished are redelivered later.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _ended, 1) == 1)
        {
            return;
        }

        _host.Names.Unregister(Spec.AppId, this);
        await _server.StopAsync();
        await _stopped.CancelAsync();
        await StopConsumersAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _server.DisposeAsync();
        _state.App?.Dispose();
        _stopped.Dispose();
    }

    private async Task StopConsumersAsync()
    {
        await _startup;
        await Task.WhenAll(_consumers.Select(consumer => consumer.DisposeAsync().AsTask()));
    }

    private async Task WaitForAppAsync()
    {
        try
        {
            if (_state.App is { } app)
            {
                LogWaiting(app.Port);
                while (!await app.IsListeningAsync(_stopped.Token))
                {
                    await Task.Delay(AppProbeInterval, TimeProvider.System, _stopped.Token);
                }

                LogAppListening(app.Port);
                await SubscribeAsync();
            }

            _state.IsReady = true;
            LogReady(Spec.AppId);
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The sidecar stopped before its app listened.
        }
        catch (Exception failure)
        {
            LogStartFailed(failure, Spec.AppId);
        }
    }

    private async Task SubscribeAsync()
    {
        var app = new AppSubscriptions(_state);
        await app.GetConfigurationAsync(_stopped.Token);
        if (_state.PubSubs.Count == 0 || await app.GetSubscriptionsAsync(_stopped.Token) is not { } programmatic)
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
            // A programmatic subscription is not in a file, so also name the run file entry of the app.
            LogUnknownPubSub(spec.Declarative ? spec.Location : $"{Spec.Location}: {spec.Location}", spec.Topic, spec.PubSub);
            return;
        }

        if (!pubSub.Scopes.MaySubscribe(spec.Topic))
        {
            LogNotAllowed(spec.Topic, spec.PubSub);
            return;
        }

        if (!_bulkLocks.TryGetValue(pubSub.Name, out var bulkLock))
        {
            _bulkLocks[pubSub.Name] = bulkLock = new SemaphoreSlim(1);
        }

        var consumer = new Consumer(new Subscription(_state, _host.Broker, spec, pubSub), _host.Broker, bulkLock);
        _consumers.Add(consumer);
        consumer.Start();
        LogSubscribed(spec.Topic, spec.PubSub);
    }

    [LoggerMessage(LogLevel.Warning, "{Text}")]
    private partial void LogWarning(string text);

    [LoggerMessage(LogLevel.Information, "Waiting for the app on port {Port}")]
    private partial void LogWaiting(int port);

    [LoggerMessage(LogLevel.Information, "The app listens on port {Port}")]
    private partial void LogAppListening(int port);

    [LoggerMessage(LogLevel.Information, "The sidecar of {AppId} is ready")]
    private partial void LogReady(string appId);

    [LoggerMessage(LogLevel.Critical, "Could not start the subscriptions of {AppId}: fix the cause and restart its sidecar")]
    private partial void LogStartFailed(Exception failure, string appId);

    [LoggerMessage(LogLevel.Warning, "{Location}: Ignored the subscription to topic {Topic}: there is no pub/sub component {PubSub}")]
    private partial void LogUnknownPubSub(string location, string topic, string pubSub);

    [LoggerMessage(LogLevel.Error, "Ignored the subscription to topic {Topic}: the scopes of {PubSub} do not allow it")]
    private partial void LogNotAllowed(string topic, string pubSub);

    [LoggerMessage(LogLevel.Information, "Subscribed to topic {Topic} of {PubSub}")]
    private partial void LogSubscribed(string topic, string pubSub);
}
