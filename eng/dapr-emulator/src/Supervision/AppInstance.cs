using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>One running entry of the run file: an app process and its sidecar, either of which may have ended.</summary>
internal sealed class AppInstance(
    AppSpec spec, SidecarHost host, OutputWriter output, RememberedProcesses remembered, bool sidecarsOnly) : IAsyncDisposable
{
    // As the Dapr CLI does.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly LogFile _appLog = new(spec.Directory, spec.AppId, spec.Instance, "app", spec.AppLog.HasFlag(LogDestination.File));
    private readonly LogFile _sidecarLog = new(spec.Directory, spec.AppId, spec.Instance, "daprd", spec.SidecarLog.HasFlag(LogDestination.File));
    private ProcessGroup? _app;
    private Sidecar? _sidecar;
    private Task _watching = Task.CompletedTask;
    private bool _expected;

    public AppSpec Spec => spec;

    /// <summary>Gets the id of the app's process while it runs.</summary>
    public int? ProcessId => _watching.IsCompleted ? null : _app?.Id;

    public bool HasSidecar => _sidecar is not null;

    public bool IsReady => _sidecar?.IsReady == true;

    /// <summary>Starts the sidecar and then the app, whichever is not running.</summary>
    /// <exception cref="RunFileException">A port is taken, or the sidecar does not start with the resources.</exception>
    public async Task StartAsync()
    {
        await _turn.WaitAsync();
        try
        {
            await StartSidecarAsync();
            await StartAppAsync();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Kills the app's whole process group.</summary>
    public async Task KillAppAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (_app is { } app)
            {
                _expected = true;
                app.Signal(ProcessGroup.Kill);
                await _watching;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task KillSidecarAsync()
    {
        await _turn.WaitAsync();
        try
        {
            await EndSidecarAsync(killed: true);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends the sidecar and then the app, which gets 5 s to end itself.</summary>
    public async Task StopAsync()
    {
        await _turn.WaitAsync();
        try
        {
            _expected = true;
            // As with the Dapr CLI, the sidecar ends first: an app cannot publish while it ends.
            await EndSidecarAsync(killed: false);
            if (_app is { } app)
            {
                await app.StopAsync(StopTimeout);
                await _watching;
                output.Line("Exited App successfully");
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _appLog.Dispose();
        _sidecarLog.Dispose();
        _turn.Dispose();
    }

    private async Task StartSidecarAsync()
    {
        if (_sidecar is not null)
        {
            return;
        }

        var logger = new SidecarLogger(
            spec.AppId, _sidecarLog.Line, text => output.SidecarLine(spec.Name, text));
        try
        {
            _sidecar = new Sidecar(host, spec, logger);
            await _sidecar.StartAsync();
            _ = StopWhenAskedAsync(_sidecar);
        }
        catch (ResourceException failure)
        {
            throw new RunFileException($"app '{spec.AppId}': {failure.Message}");
        }
        catch (IOException failure)
        {
            await EndSidecarAsync(killed: false);
            throw new RunFileException($"app '{spec.AppId}': daprHTTPPort {spec.HttpPort} is not available: {failure.Message}");
        }
    }

    private async Task StopWhenAskedAsync(Sidecar sidecar)
    {
        await sidecar.ShutdownRequested;
        await _turn.WaitAsync();
        try
        {
            if (_sidecar == sidecar)
            {
                await EndSidecarAsync(killed: false);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task EndSidecarAsync(bool killed)
    {
        if (_sidecar is not { } sidecar)
        {
            return;
        }

        _sidecar = null;
        await (killed ? sidecar.KillAsync() : sidecar.StopAsync());
        await sidecar.DisposeAsync();
    }

    private async Task StartAppAsync()
    {
        if (_app is { } ended && !ended.IsAlive())
        {
            await _watching; // its last lines are still being read
        }

        if (!_watching.IsCompleted || spec.Command.Count == 0 || sidecarsOnly)
        {
            return;
        }

        // Processes that a crashed app left behind must not run next to the new one.
        _app?.Signal(ProcessGroup.Kill);

        if (_sidecar?.App is { } channel && await channel.ListensAsync(CancellationToken.None))
        {
            // Only a warning: the listener may be a proxy in front of the app.
            output.Warn($"app '{spec.Name}': something already listens on its appPort {spec.AppPort}; deliveries and invocations go there");
        }

        _expected = false;
        _app = ProcessGroup.Start(spec.Command, spec.Directory, AppEnvironment.Of(spec));
        remembered.Add(_app, spec.Name);
        _watching = WatchAsync(_app);
    }

    private async Task WatchAsync(ProcessGroup app)
    {
        var copying = Task.WhenAll(CopyAsync(app.Output), CopyAsync(app.Error));
        var status = await app.WaitForExitAsync();
        // A process that the app left behind may keep its output open indefinitely.
        await Task.WhenAny(copying, Task.Delay(TimeSpan.FromSeconds(0.5)));
        if (!app.IsAlive())
        {
            // Another group may get this id.
            remembered.Remove(app);
            _app = null;
        }

        if (!_expected)
        {
            output.Line(status == 0
                ? $"app '{spec.Name}': Exited App successfully"
                : $"app '{spec.Name}': The App process exited with error code: exit status {status}");
        }
    }

    private async Task CopyAsync(StreamReader source)
    {
        try
        {
            while (await source.ReadLineAsync() is { } line)
            {
                _appLog.Line(line);
                if (spec.AppLog.HasFlag(LogDestination.Console))
                {
                    output.AppLine(spec.AppId, line);
                }
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The other end is gone.
        }
    }
}
