using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;

namespace DaprOrders.Testing.Stack;

/// <summary>What starts the apps of a run file and gives each its sidecar, and what a test may do to them.</summary>
[UnsupportedOSPlatform("windows")]
public abstract class StackRuntime : IAsyncDisposable
{
    /// <summary>In the environment of every process of a stack, so that they are found, and none of another stack.</summary>
    protected const string Marker = "DAPR_ORDERS_STACK";

    private const int LinesKept = 3_000;

    private readonly ConcurrentQueue<string> _output = new();

    /// <summary>Gets the last lines that it and the apps wrote.</summary>
    public string Output => string.Join('\n', _output);

    public abstract bool HasEnded { get; }

    /// <summary>Gets the processes that play the sidecars.</summary>
    public abstract IReadOnlyList<int> SidecarProcesses { get; }

    protected string Id { get; } = Guid.NewGuid().ToString("N");

    public abstract Task StartAsync();

    /// <summary>Starts what of the app and its sidecar does not run.</summary>
    public abstract Task StartAsync(AppInstance instance);

    /// <summary>Ends a sidecar as a crash would.</summary>
    public abstract Task KillSidecarAsync(AppInstance instance);

    /// <summary>Finds the process of an app, if it runs.</summary>
    public int? ProcessOf(AppInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var ids = Processes.With((Marker, Id), ("APP_ID", instance.AppId), ("DAPR_GRPC_PORT", $"{instance.GrpcPort}"));
        return ids.Count == 0 ? null : ids[0];
    }

    /// <summary>Sends a signal to an app's process, if it runs, and for one that ends it waits until it has.</summary>
    /// <returns>Whether it ran.</returns>
    public async Task<bool> SignalAsync(AppInstance instance, int signal)
    {
        if (ProcessOf(instance) is not { } id)
        {
            return false;
        }

        BeforeSignal(instance, id);
        Signals.Send(id, signal);
        if (signal is Signals.Kill or Signals.Terminate)
        {
            await Processes.UntilGoneAsync(id);
        }

        return true;
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>Takes note of an app that may end now.</summary>
    protected virtual void BeforeSignal(AppInstance instance, int processId)
    {
    }

    /// <summary>Kills what is left of the stack.</summary>
    protected void KillAll() => Processes.With((Marker, Id)).ForEach(id => Signals.Send(id, Signals.Kill));

    protected Process Start(ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
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

        _output.Enqueue(line);
        if (_output.Count > LinesKept)
        {
            _output.TryDequeue(out _);
        }
    }
}
