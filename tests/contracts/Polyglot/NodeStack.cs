using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>Runs the whole system with the run file of samples/notification-node. Tests use it through the gateway.</summary>
public sealed class NodeStack : IAsyncDisposable
{
    private static readonly string RunFilePath = Path.Combine("samples", "notification-node", "dapr.yaml");

    private readonly string _folder = Ownership.CreateFolder("polyglot");
    private readonly StackHost _stack;
    private Task? _started;

    public NodeStack() => _stack = new StackHost(new StackOptions
    {
        RunFile = RunFilePath,
        Unchanged = ["notification"],
        Environment = new Dictionary<string, string> { ["NOTIFICATIONS_FILE"] = Path.Combine(_folder, "notifications.jsonl") },
    });

    public HttpClient Gateway => _stack.Gateway;

    public string AppToken => _stack.Tokens.App;

    /// <summary>Starts the system once. The constructor does not start it, because xUnit creates the fixture even if none of its tests run.</summary>
    public Task StartAsync() => _started ??= _stack.StartAsync();

    /// <summary>Replaces the ports of the run file with the ports of this system.</summary>
    public string WithFreePorts(string text) => RunFile.Read(Path.Combine(Repository.Root, RunFilePath)).Apps
        .Zip(_stack.Instances, (app, instance) => new[] { (Old: app.AppPort, New: instance.Port), (Old: app.HttpPort, New: instance.SidecarPort) })
        .SelectMany(ports => ports)
        .Aggregate(text, (result, port) => Regex.Replace(result, $@"(?<=:){port.Old}\b", $"{port.New}"));

    public async ValueTask DisposeAsync()
    {
        await _stack.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
