using System.Collections.Concurrent;
using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Starts the apps of a run file, each with its sidecar, and lets a test kill and restart them.</summary>
/// <param name="id">The id that marks its processes; null for a new one.</param>
public abstract class StackRuntime(string? id = null) : IAsyncDisposable
{
    /// <summary>An environment variable that marks every process of a stack, so that it can be found.</summary>
    internal const string Marker = "DAPR_ORDERS_STACK";

    private const int MaxLines = 3_000;

    private readonly ConcurrentQueue<string> _output = new();

    /// <summary>Gets the last lines of output of the runtime and the apps.</summary>
    public string Output => string.Join('\n', _output);

    public abstract bool HasEnded { get; }

    /// <summary>Gets the processes of the sidecars.</summary>
    public abstract IReadOnlyList<int> SidecarProcesses { get; }

    /// <summary>Gets additional environment variables of the runtime and of the apps.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Gets or sets the action that receives each line of output of the runtime and the apps.</summary>
    public Action<string> OnLine { get; set; } = _ => { };

    /// <summary>Gets the exit code of the runtime; null while it runs.</summary>
    public abstract int? ExitCode { get; }

    protected string Id { get; } = id ?? Guid.NewGuid().ToString("N");

    public abstract Task StartAsync();

    /// <summary>Starts the app and its sidecar, unless they run.</summary>
    public abstract Task StartAsync(AppInstance instance);

    /// <summary>Asks the app and its sidecar to end, and waits until both have ended. They can be started again.</summary>
    public abstract Task StopAsync(AppInstance instance);

    /// <summary>Kills a sidecar.</summary>
    public abstract Task KillSidecarAsync(AppInstance instance);

    /// <summary>Returns the process id of an app; null if it does not run.</summary>
    public int? ProcessOf(AppInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var ids = Platform.Current.FindByEnvironment((Marker, Id), ("APP_ID", instance.AppId), ("DAPR_GRPC_PORT", $"{instance.GrpcPort}"));
        return ids.Count == 0 ? null : ids[0];
    }

    /// <summary>Sends a signal to an app's process, and returns whether it was running. After SIGKILL and SIGTERM, waits until it has ended.</summary>
    public async Task<bool> SignalAsync(AppInstance instance, Signal signal)
    {
        if (ProcessOf(instance) is not { } id)
        {
            return false;
        }

        BeforeSignal(instance, id);
        Platform.Current.Send(id, signal);
        if (signal is Signal.Kill or Signal.Terminate)
        {
            await Platform.Current.UntilEndedAsync(id);
        }

        return true;
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Runs before a process gets a signal that may end it.</summary>
    protected virtual void BeforeSignal(AppInstance instance, int processId)
    {
    }

    /// <summary>
    /// Sends SIGTERM to the runtime, which ends the apps. After 3 s sends SIGTERM to all processes, because the Dapr CLI ignores signals until it has
    /// started every app, and after 6 s kills those that are still running.
    /// </summary>
    protected async Task EndAsync(Process runtime)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        Platform.Current.Send(runtime.Id, Signal.Terminate);
        if (!await Leftovers.WaitForEndAsync(Id))
        {
            await Leftovers.StopAsync(Id);
        }

        runtime.Dispose();
    }

    protected Process Start(ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.FileName = SearchPath.Resolve(start.FileName);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment[Marker] = Id;
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Record(line.Data);
        process.ErrorDataReceived += (_, line) => Record(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Record(string? line)
    {
        if (line is null)
        {
            return;
        }

        OnLine(line);
        _output.Enqueue(line);
        if (_output.Count > MaxLines)
        {
            _output.TryDequeue(out _);
        }
    }
}
