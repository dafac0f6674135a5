using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>
/// Runs the Dapr CLI with daprd. The CLI restarts nothing, so this class acts as the orchestrator: it restarts a sidecar that has ended, with the
/// arguments, environment and folder that the CLI used. A test can restart an app in the same way.
/// </summary>
/// <param name="runFile">The path of the run file.</param>
/// <param name="id">The id that marks its processes; null for a new one.</param>
/// <param name="cli">The path of the Dapr CLI.</param>
public sealed class DaprRuntime(string runFile, string? id = null, string cli = "dapr") : StackRuntime(id)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PauseBeforeRestart = TimeSpan.FromMilliseconds(500);

    private readonly ConcurrentDictionary<int, ProcessStartInfo> _sidecars = new();
    private readonly ConcurrentDictionary<int, ProcessStartInfo> _apps = new();
    private readonly ConcurrentDictionary<int, bool> _stopped = new();
    private readonly CancellationTokenSource _stopping = new();
    private Process? _cli;
    private Task _supervising = Task.CompletedTask;

    public override int? ExitCode => _cli is { HasExited: true } ? _cli.ExitCode : null;

    public override bool HasEnded => _cli is null or { HasExited: true };

    public override IReadOnlyList<int> SidecarProcesses => FindSidecars();

    public override Task StartAsync()
    {
        _cli = Start(new ProcessStartInfo(cli, ["run", "-f", runFile]));
        _supervising = SuperviseAsync();
        return Task.CompletedTask;
    }

    public override Task StartAsync(AppInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        _stopped.TryRemove(instance.GrpcPort, out _);
        if (ProcessOf(instance) is null && _apps.TryGetValue(instance.GrpcPort, out var app))
        {
            Start(app);
        }

        return Task.CompletedTask;
    }

    /// <summary>Stops the app before its sidecar, so that the app can still publish. The sidecar is not restarted until the app is started.</summary>
    public override async Task StopAsync(AppInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        RecordSidecars();
        _stopped[instance.GrpcPort] = true;
        await SignalAsync(instance, Signal.Terminate);
        foreach (var id in SignalSidecar(instance, Signal.Terminate))
        {
            await Platform.Current.UntilEndedAsync(id);
        }
    }

    public override async Task KillSidecarAsync(AppInstance instance)
    {
        RecordSidecars();
        foreach (var id in SignalSidecar(instance, Signal.Kill))
        {
            await Platform.Current.UntilEndedAsync(id);
        }
    }

    /// <summary>Sends a signal to the sidecar of an instance, and returns the ids of the processes that received it.</summary>
    public IReadOnlyList<int> SignalSidecar(AppInstance instance, Signal signal)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var ids = FindSidecars().Where(id => GrpcPortOf(id) == instance.GrpcPort).ToList();
        ids.ForEach(id => Platform.Current.Send(id, signal));
        return ids;
    }

    public override async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        try
        {
            await _supervising;
        }
        finally
        {
            if (_cli is not null)
            {
                await EndAsync(_cli);
            }

            _stopping.Dispose();
        }
    }

    protected override void BeforeSignal(AppInstance instance, int processId)
    {
        ArgumentNullException.ThrowIfNull(instance);
        if (Platform.Current.HowStarted(processId) is { } start)
        {
            _apps[instance.GrpcPort] = start;
        }
    }

    private async Task SuperviseAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        var ended = new Dictionary<int, long>();
        while (!_stopping.IsCancellationRequested)
        {
            var running = RecordSidecars();
            foreach (var (port, sidecar) in _sidecars.Where(sidecar => !running.Contains(sidecar.Key) && !_stopped.ContainsKey(sidecar.Key)))
            {
                // Without this pause, a sidecar that cannot start would be restarted five times a second.
                if (!ended.TryGetValue(port, out var since))
                {
                    ended[port] = Stopwatch.GetTimestamp();
                }
                else if (Stopwatch.GetElapsedTime(since) > PauseBeforeRestart)
                {
                    Start(sidecar);
                    ended.Remove(port);
                }
            }

            try
            {
                await timer.WaitForNextTickAsync(_stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Records how the running sidecars were started, and returns their gRPC ports.</summary>
    private HashSet<int> RecordSidecars()
    {
        var running = new HashSet<int>();
        foreach (var id in FindSidecars())
        {
            if (GrpcPortOf(id) is { } port && Platform.Current.HowStarted(id) is { } start)
            {
                running.Add(port);
                _sidecars.TryAdd(port, start);
            }
        }

        return running;
    }

    private List<int> FindSidecars() =>
        Platform.Current.FindByEnvironment((Marker, Id)).Where(id => Platform.Current.IsRunning(id) && Platform.Current.CommandLine(id) is [var program, ..] && Path.GetFileName(program) == "daprd").ToList();

    private static int? GrpcPortOf(int sidecar)
    {
        var port = Platform.Current.CommandLine(sidecar).SkipWhile(argument => argument != "--dapr-grpc-port").ElementAtOrDefault(1);
        return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
