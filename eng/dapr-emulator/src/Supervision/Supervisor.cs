using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>All apps of a run file, their sidecars, and the broker. As on Dapr, nothing restarts automatically.</summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private readonly MessageBroker _broker;
    private readonly OutputWriter _output;

    public Supervisor(IReadOnlyList<AppSpec> apps, string dataFolder, OutputWriter output, TimeProvider time, RememberedProcesses remembered, bool sidecarsOnly)
    {
        _output = output;
        _broker = new MessageBroker(dataFolder, time);
        var host = new SidecarHost(_broker, new NameRegistry(time), time, Variable("DAPR_API_TOKEN"), Variable("APP_API_TOKEN"));
        Instances = [.. apps.Select(app => new AppInstance(app, host, output, remembered, sidecarsOnly))];
    }

    public IReadOnlyList<AppInstance> Instances { get; }

    /// <summary>Starts the entries in the order of the file, without waiting for the apps to listen.</summary>
    /// <exception cref="RunFileException">An entry could not be started; those before it run.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var instance in Instances)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _output.Say($"Validating config and starting app \"{instance.Spec.AppId}\"");
            await instance.StartAsync();
            _output.Say(
                $"Started Dapr with app id \"{instance.Spec.AppId}\". HTTP Port: {instance.Spec.HttpPort}. gRPC Port: {instance.Spec.GrpcPort}");
            _output.Say($"Writing log files to directory : {Path.Combine(instance.Spec.Directory, ".dapr", "logs")}");
        }
    }

    /// <summary>Ends the entries in the order of the file, each sidecar before its app.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var instance in Instances)
        {
            await instance.DisposeAsync();
        }

        _broker.Dispose();
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
