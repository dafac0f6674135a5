using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DevSidecar.Bench;

/// <summary>The program in a temporary folder, with one sidecar for the subscriber.</summary>
internal sealed class MeasuredRun : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dev-sidecar-bench-").FullName;
    private readonly Process _process;

    private MeasuredRun(int appPort, int httpPort)
    {
        HttpPort = httpPort;
        Directory.CreateDirectory(Path.Combine(_folder, "resources"));
        Directory.CreateDirectory(Path.Combine(_folder, "app"));
        File.WriteAllText(Path.Combine(_folder, "resources", "pubsub.yaml"), """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {name: pubsub}
            spec:
              type: pubsub.kafka
              version: v1
              metadata: [{name: brokers, value: "127.0.0.1:9092"}, {name: authType, value: none}, {name: initialOffset, value: oldest}]
            """);
        File.WriteAllText(
            Path.Combine(_folder, "dapr.yaml"),
            $"version: 1\ncommon: {{resourcesPaths: [./resources]}}\napps:\n- {{appID: bench, appDirPath: ./app, appPort: {appPort}, daprHTTPPort: {httpPort}}}\n");
        _process = Process.Start(new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "dev-sidecar"), ["run"])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
        })!;
    }

    public int HttpPort { get; }

    /// <summary>Gets the CPU time that the program has used until now.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<MeasuredRun> StartAsync(int appPort)
    {
        using var port = new TcpListener(IPAddress.Loopback, 0);
        port.Start();
        var httpPort = ((IPEndPoint)port.LocalEndpoint).Port;
        port.Stop();
        var run = new MeasuredRun(appPort, httpPort);
        while (await run._process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("Started Dapr", StringComparison.Ordinal))
        {
        }

        _ = run._process.StandardOutput.ReadToEndAsync();
        return run;
    }

    public async ValueTask DisposeAsync()
    {
        using (var stop = Process.Start(
            new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "dev-sidecar"), ["stop"]) { WorkingDirectory = _folder })!)
        {
            await stop.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
