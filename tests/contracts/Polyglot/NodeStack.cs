using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text.RegularExpressions;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.Contracts.Tests.Polyglot;

/// <summary>
/// The whole system by samples/notification-node/dapr.yaml: a copy of it that starts what was built, on free ports, and nothing else changed. Tests look at it from
/// outside.
/// </summary>
public sealed partial class NodeStack : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(120);

    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-polyglot-").FullName;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly Dictionary<string, int> _ports = [];
    private PostgresCluster? _postgres;
    private Process? _runtime;
    private Task? _started;

    public HttpClient Gateway { get; } = new() { Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>Starts the system, once. Not with the fixture: xUnit creates that also when none of its tests is to run.</summary>
    public Task StartAsync() => _started ??= StartOnceAsync();

    /// <summary>Puts the ports of this copy in place of those of the run file.</summary>
    public string WithFreePorts(string text) => _ports.Aggregate(text, (result, port) =>
        Regex.Replace(result, $@"(?<=[:=] ?){port.Key}\b", $"{port.Value}"));

    /// <summary>Returns the run file of the sample with paths as seen from the root of the repository.</summary>
    public static string AtTheRoot(string runFile) => SamplePath().Replace(runFile, "./");

    [UnsupportedOSPlatform("windows")]
    public async ValueTask DisposeAsync()
    {
        Gateway.Dispose();
        if (_runtime is not null)
        {
            Platform.Current.Send(_runtime.Id, Signal.Terminate);
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _runtime.WaitForExitAsync(limit.Token);
            _runtime.Dispose();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartOnceAsync()
    {
        _postgres = await PostgresCluster.StartAsync();
        await _postgres.RunScriptAsync(Path.Combine(Repository.Root, "postgres", "init.sql"));
        _ports["5433"] = _postgres.Port;
        var runFile = Copy(AtTheRoot(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "samples", "notification-node", "dapr.yaml"))));
        var path = Path.Combine(_folder, "dapr.yaml");
        await File.WriteAllTextAsync(path, runFile);

        _runtime = Start("dotnet", Repository.Emulator, "run", "-f", path, "--data", _folder);
        Gateway.BaseAddress = new Uri($"http://127.0.0.1:{_ports["8000"]}");
        await Task.WhenAll(((string[])["8000", "8001", "8002", "8003"]).Select(port => UntilReadyAsync(_ports[port])));
    }

    private string Copy(string runFile)
    {
        foreach (Match port in Port().Matches(runFile))
        {
            _ports.TryAdd(port.Value, FreePort.Take());
        }

        var withPaths = WithFreePorts(runFile).Replace(" ./", $" {Repository.Root}/", StringComparison.Ordinal)
            .Replace("[./", $"[{Repository.Root}/", StringComparison.Ordinal)
            .Replace("NOTIFICATIONS_FILE: notifications.jsonl", $"NOTIFICATIONS_FILE: {_folder}/notifications.jsonl", StringComparison.Ordinal);
        return DotnetRun().Replace(withPaths, command =>
        {
            var project = Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(Repository.Root, "services", command.Groups[1].Value), "*.csproj").Single());
            return $"[dotnet, {Repository.Built(project, $"{project}.dll")}]";
        });
    }

    private Process Start(string program, params string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task UntilReadyAsync(int port)
    {
        using var client = new HttpClient();
        try
        {
            await Wait.UntilAsync($"port {port} to be ready", () => IsReadyAsync(client, port), StartLimit);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{string.Join('\n', _output)}", e);
        }
    }

    private async Task<bool> IsReadyAsync(HttpClient client, int port)
    {
        Assert.False(_runtime!.HasExited, string.Join('\n', _output));
        try
        {
            using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz/ready"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
    }

    [GeneratedRegex("(?<=(?:appPort|daprHTTPPort|daprGRPCPort): )[0-9]+")]
    private static partial Regex Port();

    [GeneratedRegex(@"\.\./\.\./(?=components|services|samples)")]
    private static partial Regex SamplePath();

    [GeneratedRegex(@"\[dotnet, run, --artifacts-path, \.\./\.\./artifacts/(\w+)\]")]
    private static partial Regex DotnetRun();
}
