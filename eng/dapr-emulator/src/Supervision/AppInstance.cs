using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Resources;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>One entry of the run file: an app process and its sidecar. Both can be stopped and started separately.</summary>
internal sealed class AppInstance(
    AppSpec spec, SidecarHost host, OutputWriter output, ProcessFile processes, bool sidecarsOnly) : IAsyncDisposable
{
    // The timeout of the Dapr CLI.
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _lock = new(1);
    private readonly LogFile _appLog = new(spec.Directory, spec.AppId, spec.Instance, "app", spec.AppLog.HasFlag(LogDestination.File));
    private readonly LogFile _sidecarLog = new(spec.Directory, spec.AppId, spec.Instance, "daprd", spec.SidecarLog.HasFlag(LogDestination.File));
    private ProcessGroup? _app;
    private Sidecar? _sidecar;
    private Task _exitTask = Task.CompletedTask;
    private bool _exitExpected;

    public AppSpec Spec => spec;

    /// <summary>Gets the id of the app's process, or null if it is not running.</summary>
    public int? ProcessId => _exitTask.IsCompleted ? null : _app?.Id;

    public bool HasSidecar => _sidecar is not null;

    public bool IsReady => _sidecar?.IsReady == true;

    /// <summary>Starts the sidecar and then the app, unless they are running.</summary>
    /// <exception cref="RunFileException">The port is in use, or the sidecar cannot start with the resources.</exception>
    public async Task StartAsync()
    {
        await _lock.WaitAsync();
        try
        {
            await StartSidecarAsync();
            await StartAppAsync();
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>Kills all processes of the app.</summary>
    public async Task KillAppAsync()
    {
        await _lock.WaitAsync();
        try
        {
            if (_app is { } app)
            {
                _exitExpected = true;
                app.Signal(ProcessGroup.Kill);
                await _exitTask;
            }
        }
        finally
        {
            _lock.Release();
        }
    }

    public async Task KillSidecarAsync()
    {
        await _lock.WaitAsync();
        try
        {
            await EndSidecarAsync(killed: true);
        }
        finally
        {
            _lock.Release();
        }
    }

    /// <summary>Stops the sidecar and then the app. Kills the app if it has not ended after 5 s.</summary>
    public async Task StopAsync()
    {
        await _lock.WaitAsync();
        try
        {
            _exitExpected = true;
            // Like the Dapr CLI, stop the sidecar first. An app cannot publish while it shuts down.
            await EndSidecarAsync(killed: false);
            if (_app is { } app)
            {
                await app.StopAsync(StopTimeout);
                await _exitTask;
                output.WriteLine("Exited App successfully");
            }
        }
        finally
        {
            _lock.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _appLog.Dispose();
        _sidecarLog.Dispose();
        _lock.Dispose();
    }

    private async Task StartSidecarAsync()
    {
        if (_sidecar is not null)
        {
            return;
        }

        var logger = new SidecarLogger(
            spec.AppId, _sidecarLog.WriteLine, text => output.WriteSidecarLine(spec.Name, text));
        try
        {
            _sidecar = new Sidecar(host, spec, logger);
            await _sidecar.StartAsync();
            _ = StopOnRequestAsync(_sidecar);
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

    private async Task StopOnRequestAsync(Sidecar sidecar)
    {
        await sidecar.ShutdownRequested;
        await _lock.WaitAsync();
        try
        {
            if (_sidecar == sidecar)
            {
                await EndSidecarAsync(killed: false);
            }
        }
        finally
        {
            _lock.Release();
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
        if (_app is { } previous && !previous.IsAlive())
        {
            await _exitTask; // reads the last lines of its output
        }

        if (!_exitTask.IsCompleted || spec.Command.Count == 0 || sidecarsOnly)
        {
            return;
        }

        // Child processes of a crashed app must not run next to the new process.
        _app?.Signal(ProcessGroup.Kill);

        if (_sidecar?.App is { } channel && await channel.IsListeningAsync(CancellationToken.None))
        {
            // This is not an error, because the listener may be a proxy in front of the app.
            output.Warn($"app '{spec.Name}': another process already listens on appPort {spec.AppPort}; deliveries and invocations go to that process");
        }

        _exitExpected = false;
        _app = ProcessGroup.Start(spec.Command, spec.Directory, AppEnvironment.Of(spec));
        processes.Add(_app, spec.Name);
        _exitTask = WatchAsync(_app);
    }

    private async Task WatchAsync(ProcessGroup app)
    {
        var copying = Task.WhenAll(CopyAsync(app.Output), CopyAsync(app.Error));
        var status = await app.WaitForExitAsync();
        // A child process of the app may keep the output open indefinitely.
        await Task.WhenAny(copying, Task.Delay(TimeSpan.FromSeconds(0.5)));
        if (!app.IsAlive())
        {
            // The system may reuse the id for another process group.
            processes.Remove(app);
            _app = null;
        }

        if (!_exitExpected)
        {
            output.WriteLine(status == 0
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
                _appLog.WriteLine(line);
                if (spec.AppLog.HasFlag(LogDestination.Console))
                {
                    output.WriteAppLine(spec.AppId, line);
                }
            }
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            // The app closed its output.
        }
    }
}
