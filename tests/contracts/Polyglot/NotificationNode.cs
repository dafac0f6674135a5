using System.Collections.Concurrent;
using System.Diagnostics;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Providers;
using DaprOrders.Stack;
using DaprOrders.Testing;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>Runs samples/notification-node as a process with its own file.</summary>
internal sealed class NotificationNode : IAsyncDisposable
{
    private readonly string _folder = Ownership.CreateFolder("node");
    private readonly ConcurrentQueue<string> _output = new();
    private readonly int _port = FreePort.Take();
    private Process? _process;

    public string File => Path.Combine(_folder, "notifications.jsonl");

    public string Output => string.Join('\n', _output);

    /// <summary>Starts the service with a stub sidecar. The service does not call its sidecar.</summary>
    public static async Task<Provider> StartProviderAsync()
    {
        Assert.SkipUnless(Programs.Has("node"), "the sample needs Node 20");
        var node = new NotificationNode();
        var sidecar = new SidecarStub();
        var http = await node.StartAsync();
        return new Provider(http, sidecar, async () =>
        {
            http.Dispose();
            sidecar.Dispose();
            await node.DisposeAsync();
        });
    }

    /// <summary>Starts the service and waits until it listens.</summary>
    public async Task<HttpClient> StartAsync()
    {
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = Process.Start(new ProcessStartInfo("node", ["notification.mjs"])
        {
            WorkingDirectory = Path.Combine(Repository.Root, "samples", "notification-node"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["APP_PORT"] = $"{_port}", ["NOTIFICATIONS_FILE"] = File },
        })!;
        _process.OutputDataReceived += (_, line) => OnLine(line.Data);
        _process.ErrorDataReceived += (_, line) => OnLine(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await Task.WhenAny(listening.Task, _process.WaitForExitAsync()).WaitAsync(Wait.Limit);
        Assert.True(listening.Task.IsCompleted, Output);
        return new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };

        void OnLine(string? line)
        {
            _output.Enqueue(line ?? "");
            if (line?.StartsWith("Listening", StringComparison.Ordinal) == true)
            {
                listening.TrySetResult();
            }
        }
    }

    /// <summary>Kills the process, as in a crash.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
