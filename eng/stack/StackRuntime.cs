using System.Collections.Concurrent;
using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Starts the apps of a run file, each with its sidecar, and lets a test kill and restart them.</summary>
/// <param name="id">The mark of its processes; null: one of its own.</param>
public abstract class StackRuntime(string? id = null) : IAsyncDisposable
{
    /// <summary>A variable in the environment of every process of a stack, by which they are found.</summary>
    internal const string Marker = "DAPR_ORDERS_STACK";

    private const int LinesKept = 3_000;

    private readonly ConcurrentQueue<string> _output = new();

    /// <summary>Gets the last lines that the runtime and the apps wrote.</summary>
    public string Output => string.Join('\n', _output);

    public abstract bool HasEnded { get; }

    /// <summary>Gets the processes of the sidecars.</summary>
    public abstract IReadOnlyList<int> SidecarProcesses { get; }

    /// <summary>Gets or sets what receives each line that the runtime and the apps write.</summary>
    public Action<string> OnLine { get; set; } = _ => { };

    /// <summary>Gets the exit code of the runtime; null while it runs.</summary>
    public abstract int? ExitCode { get; }

    protected string Id { get; } = id ?? Guid.NewGuid().ToString("N");

    public abstract Task StartAsync();

    /// <summary>Starts the app and its sidecar, unless they run.</summary>
    public abstract Task StartAsync(AppInstance instance);

    /// <summary>Kills a sidecar.</summary>
    public abstract Task KillSidecarAsync(AppInstance instance);

    /// <summary>Finds the process of an app, if it runs.</summary>
    public int? ProcessOf(AppInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var ids = Platform.Current.FindByEnvironment((Marker, Id), ("APP_ID", instance.AppId), ("DAPR_GRPC_PORT", $"{instance.GrpcPort}"));
        return ids.Count == 0 ? null : ids[0];
    }

    /// <summary>Sends a signal to an app's process, if it runs. After SIGKILL and SIGTERM it waits until the process has ended.</summary>
    /// <returns>Whether the process ran.</returns>
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

    /// <summary>Is called before a process gets a signal that may end it.</summary>
    protected virtual void BeforeSignal(AppInstance instance, int processId)
    {
    }

    /// <summary>
    /// Asks the runtime to end, which ends the apps. Asks everything after 3 s, since the Dapr CLI hears nothing before it has started every app,
    /// and kills what has not ended after 6 s.
    /// </summary>
    protected async Task EndAsync(Process runtime)
    {
        ArgumentNullException.ThrowIfNull(runtime);
        Platform.Current.Send(runtime.Id, Signal.Terminate);
        if (!await Leftovers.EndInTimeAsync(Id))
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
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        OnLine(line);
        _output.Enqueue(line);
        if (_output.Count > LinesKept)
        {
            _output.TryDequeue(out _);
        }
    }
}
