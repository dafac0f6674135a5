using DaprOrders.DaprEmulator.Broker;
using DaprOrders.DaprEmulator.Hosting;
using DaprOrders.DaprEmulator.Invocation;
using DaprOrders.DaprEmulator.RunFile;

namespace DaprOrders.DaprEmulator.Supervision;

/// <summary>Runs all apps of a run file, their sidecars, and the broker. As on Dapr, nothing restarts automatically.</summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private readonly MessageBroker _broker;
    private readonly OutputWriter _output;

    public Supervisor(IReadOnlyList<AppSpec> apps, string dataFolder, OutputWriter output, TimeProvider time, ProcessFile processes, bool sidecarsOnly)
    {
        _output = output;
        _broker = new MessageBroker(dataFolder, time);
        var host = new SidecarHost(_broker, new NameRegistry(time), time, Variable("DAPR_API_TOKEN"), Variable("APP_API_TOKEN"));
        Instances = [.. apps.Select(app => new AppInstance(app, host, output, processes, sidecarsOnly))];
    }

    public IReadOnlyList<AppInstance> Instances { get; }

    public MessageBroker Broker => _broker;

    /// <summary>Starts the apps in the order of the file. Does not wait until they listen.</summary>
    /// <exception cref="RunFileException">An app could not be started. The apps before it are running.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var instance in Instances)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _output.Info($"Validating config and starting app \"{instance.Spec.AppId}\"");
            await instance.StartAsync();
            _output.Info(
                $"Started Dapr with app id \"{instance.Spec.AppId}\". HTTP Port: {instance.Spec.HttpPort}. gRPC Port: {instance.Spec.GrpcPort}");
            _output.Info($"Writing log files to directory : {Path.Combine(instance.Spec.Directory, ".dapr", "logs")}");
        }
    }

    /// <summary>Stops the apps in the order of the file, each sidecar before its app.</summary>
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
