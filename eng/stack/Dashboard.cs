using System.Diagnostics;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Stack;

/// <summary>Runs the Aspire dashboard, which receives traces, metrics and logs by OTLP and shows them. It keeps them in memory.</summary>
/// <seealso href="https://aspire.dev/dashboard/standalone/"/>
public sealed class Dashboard : IAsyncDisposable
{
    /// <summary>The port of the page of <c>./run.sh --dashboard</c>.</summary>
    public const int UsualPort = 18_888;

    /// <summary>The port that OpenTelemetry uses for OTLP over gRPC.</summary>
    public const int UsualOtlpPort = 4317;

    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly int _otlpPort;

    private Dashboard(Process process, int port, int otlpPort) => (_process, Address, _otlpPort) = (process, new Uri($"http://127.0.0.1:{port}"), otlpPort);

    /// <summary>Gets the address of the page.</summary>
    public Uri Address { get; }

    /// <summary>Gets the variables with which a service sends its telemetry here, twice a second so that it appears at once.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://127.0.0.1:{_otlpPort}",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "5000",
    };

    /// <summary>Downloads the dashboard if necessary, starts it, and waits until its page responds.</summary>
    /// <param name="port">The port of the page.</param>
    /// <param name="otlpPort">The port of OTLP over gRPC.</param>
    /// <param name="id">The id that marks its process.</param>
    /// <param name="hasApi">Whether programs can read the telemetry under /api/telemetry. The page then warns about that.</param>
    /// <exception cref="StackException">The dashboard cannot be downloaded for this platform, or does not start.</exception>
    public static async Task<Dashboard> StartAsync(int port, int otlpPort, string id, bool hasApi, CancellationToken cancellationToken)
    {
        var program = await DownloadAsync(cancellationToken);
        var start = new ProcessStartInfo(program)
        {
            WorkingDirectory = Path.GetDirectoryName(program),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                [StackRuntime.Marker] = id,
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                ["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = $"http://127.0.0.1:{otlpPort}",
                ["ASPIRE_DASHBOARD_UNSECURED_ALLOW_ANONYMOUS"] = "true", // it listens on 127.0.0.1 only
                ["Dashboard__Otlp__SuppressUnsecuredTelemetryMessage"] = "true",
                ["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true",
                ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "0", // it fails without cultures
            },
        };
        start.Environment.TryAdd("Dashboard__Api__Disabled", hasApi ? "false" : "true");
        var process = Process.Start(start)!;
        process.BeginOutputReadLine(); // so that a full pipe does not block it
        process.BeginErrorReadLine();
        var dashboard = new Dashboard(process, port, otlpPort);
        try
        {
            await dashboard.WaitUntilReadyAsync();
            return dashboard;
        }
        catch
        {
            await dashboard.DisposeAsync();
            throw;
        }
    }

    /// <summary>Changes a configuration of Dapr, so that the sidecars also send their spans here.</summary>
    public string TraceSidecars(string configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return configuration.Replace(
            "samplingRate: \"0\"",
            $"samplingRate: \"1\"\n    otel:\n      endpointAddress: 127.0.0.1:{_otlpPort}\n      isSecure: false\n      protocol: grpc",
            StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        Platform.Current.Send(_process.Id, Signal.Terminate);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _process.Kill();
        _process.Dispose();
    }

    private static async Task<string> DownloadAsync(CancellationToken cancellationToken)
    {
        // Two calls, because the property is read before the restore of the same call.
        await RunAsync("-t:Restore");
        var (exitCode, output) = await RunAsync("-getProperty:DashboardFolder");
        var program = Path.Combine(output.Trim(), SearchPath.FileName("Aspire.Dashboard"));
        if (exitCode is not 0 || !File.Exists(program))
        {
            throw new StackException(
                "the Aspire dashboard cannot be downloaded; start it with: docker run --rm -p 18888:18888 -p 4317:18889 mcr.microsoft.com/dotnet/aspire-dashboard, "
                + $"and the system with: OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4317 ./run.sh\n{output.Trim()}");
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute); // NuGet keeps no modes
        }

        return program;

        Task<(int? ExitCode, string Output)> RunAsync(string argument) => ProcessRunner.RunAsync(
            ["dotnet", "msbuild", Path.Combine(Repository.Root, "eng", "dashboard", "dashboard.csproj"), argument, "-v:q", "-nologo", "-nodeReuse:false"],
            Repository.Root, null, null, cancellationToken);
    }

    private async Task WaitUntilReadyAsync()
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
        await Wait.UntilAsync(
            "the dashboard",
            async () =>
            {
                if (_process.HasExited)
                {
                    throw new StackException($"the dashboard ended with status {_process.ExitCode}");
                }

                try
                {
                    using var response = await client.GetAsync(Address);
                    return (int)response.StatusCode < 500;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            StartTimeout);
    }
}
