using System.Text.RegularExpressions;
using DaprOrders.Stack;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>The whole system by the run file of samples/notification-node. Tests look at it from outside.</summary>
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

    /// <summary>Starts the system, once. Not with the fixture: xUnit creates that also when none of its tests is to run.</summary>
    public Task StartAsync() => _started ??= _stack.StartAsync();

    /// <summary>Puts the ports of this copy in place of those of the run file.</summary>
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
