using DaprOrders.DevSidecar.Broker;
using DaprOrders.DevSidecar.Hosting;
using DaprOrders.DevSidecar.Invocation;
using DaprOrders.DevSidecar.RunFile;

namespace DaprOrders.DevSidecar.Supervision;

/// <summary>All apps of a run file with their sidecars and the broker between them. Like Dapr it restarts nothing by itself.</summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private readonly MessageBroker _broker;
    private readonly OutputWriter _output;

    public Supervisor(IReadOnlyList<AppSpec> apps, string dataFolder, OutputWriter output, TimeProvider time)
    {
        _output = output;
        _broker = new MessageBroker(dataFolder, time);
        var host = new SidecarHost(_broker, new NameRegistry(time), time, Variable("DAPR_API_TOKEN"), Variable("APP_API_TOKEN"));
        Instances = [.. apps.Select(app => new AppInstance(app, host, output))];
    }

    public IReadOnlyList<AppInstance> Instances { get; }

    /// <summary>Starts one after the other, in the order of the file; an app is not waited for.</summary>
    /// <exception cref="RunFileException">One could not be started; those before it run.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var instance in Instances)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _output.Line($"Validating config and starting app \"{instance.Spec.AppId}\"");
            await instance.StartAsync();
            _output.Line(
                $"Started Dapr with app id \"{instance.Spec.AppId}\". HTTP Port: {instance.Spec.HttpPort}. gRPC Port: {instance.Spec.GrpcPort}");
        }
    }

    /// <summary>Ends everything at the same time, within little more than the 5 s that a single app gets.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Instances.Select(instance => instance.DisposeAsync().AsTask()));
        _broker.Dispose();
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
