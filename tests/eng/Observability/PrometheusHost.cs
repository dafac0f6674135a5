using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Eng.Tests.Deployment;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Eng.Tests.Observability;

/// <summary>Runs Prometheus on a free port, with the files in deploy/observability. It scrapes a stack of the test every second.</summary>
internal sealed class PrometheusHost : IAsyncDisposable
{
    private readonly string _folder = Ownership.CreateFolder("prometheus");
    private readonly int _port = FreePort.Take();
    private readonly HttpClient _client;
    private Process? _process;

    private PrometheusHost() => _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri($"http://127.0.0.1:{_port}") };

    /// <summary>Returns the path of a program of Prometheus. Installs the Debian package, or skips the test if that is not possible.</summary>
    public static async Task<string> FindProgramAsync(string name)
    {
        if (SearchPath.Find(name) is null)
        {
            Assert.SkipUnless(DebianPackages.CanInstall, $"{name} is not on PATH, and only root on Debian can install the package prometheus.");
            await DebianPackages.InstallAsync("prometheus", TestContext.Current.CancellationToken);
        }

        return SearchPath.Find(name) ?? throw new FileNotFoundException($"The package prometheus has no program {name}.");
    }

    public static async Task<PrometheusHost> StartAsync(StackHost stack)
    {
        var prometheus = new PrometheusHost();
        try
        {
            await prometheus.StartAsync(await FindProgramAsync("prometheus"), stack);
            return prometheus;
        }
        catch
        {
            await prometheus.DisposeAsync();
            throw;
        }
    }

    /// <summary>Returns the values of a query that are numbers, each with its labels.</summary>
    public async Task<IReadOnlyList<Sample>> QueryAsync(string query)
    {
        var data = await GetAsync($"query?query={Uri.EscapeDataString(query)}");
        return
        [
            .. from result in data.GetProperty("result").EnumerateArray()
               let value = double.Parse(result.GetProperty("value")[1].GetString()!.Replace("Inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture)
               where double.IsFinite(value)
               select new Sample(result.GetProperty("metric").Deserialize<Dictionary<string, string>>()!, value)
        ];
    }

    /// <summary>Returns whether a series matches a selector.</summary>
    public async Task<bool> HasSeriesAsync(string selector) =>
        (await GetAsync($"series?match[]={Uri.EscapeDataString(selector)}")).GetArrayLength() > 0;

    /// <summary>Returns the values that a label of a metric has.</summary>
    public async Task<IReadOnlyList<string>> LabelValuesAsync(string metric, string label) =>
        (await GetAsync($"label/{label}/values?match[]={metric}")).Deserialize<string[]>()!;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        if (_process is not null)
        {
            Platform.Current.Send(_process.Id, Signal.Terminate);
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(string program, StackHost stack)
    {
        var configuration = await File.ReadAllTextAsync(Path.Combine(ObservabilityFiles.Folder, "prometheus.yml"));
        foreach (var app in Design.Apps)
        {
            configuration = Replace(configuration, $"127.0.0.1:{app.Port}", $"127.0.0.1:{stack.Instances.Single(instance => instance.AppId == app.Id).Port}");
        }

        var file = Path.Combine(_folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, Replace(configuration, "_interval: 5s", "_interval: 1s"));
        File.Copy(Path.Combine(ObservabilityFiles.Folder, "alerts.yml"), Path.Combine(_folder, "alerts.yml"));
        var log = Path.Combine(_folder, "log");
        _process = Process.Start(
            "sh",
            [
                "-c", "exec \"$@\" > \"$0\" 2>&1", log, program, $"--config.file={file}", $"--storage.tsdb.path={Path.Combine(_folder, "data")}",
                $"--web.listen-address=127.0.0.1:{_port}",
            ]);
        await Wait.UntilAsync("Prometheus to be ready", () => _process.HasExited ? throw new InvalidOperationException(File.ReadAllText(log)) : IsReadyAsync());
    }

    private static string Replace(string text, string from, string to)
    {
        Assert.Contains(from, text, StringComparison.Ordinal);
        return text.Replace(from, to, StringComparison.Ordinal);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await _client.GetAsync(new Uri("/-/ready", UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri($"/api/v1/{path}", UriKind.Relative));
        var body = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.IsSuccessStatusCode, $"{path}: {body}");
        return body.GetProperty("data");
    }
}

/// <summary>One value of a query, with its labels.</summary>
internal sealed record Sample(IReadOnlyDictionary<string, string> Labels, double Value);
