using System.IO.Compression;
using System.Net.Http.Json;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Packages;

[Trait("Form", "scripts")]
public sealed class PackagesTests : IAsyncDisposable
{
    private static readonly Dictionary<string, string> Libraries = new()
    {
        ["DaprOrders.ServiceDefaults"] = "libs/service-defaults",
        ["DaprOrders.Persistence"] = "libs/persistence",
        ["DaprOrders.Messaging"] = "libs/messaging",
    };

    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-packages-").FullName;
    private readonly string _version = $"1.0.0-test-{Guid.NewGuid():N}"; // unique, so that no cache contains it
    private readonly HttpClient _client = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Feed => Path.Combine(_folder, "feed");

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact(Explicit = true)]
    public async Task New_app_publishes_and_handles_an_event_with_the_packages()
    {
        await PackAsync();
        Assert.All(Libraries.Keys, AssertComplete);
        var program = await BuildAppAsync();

        await using var postgres = await PostgresCluster.StartAsync();
        var port = FreePort.Take();
        var runFile = await WriteAsync("dapr.yaml", NewApp.RunFile(
            program, port, FreePort.Take(), FreePort.Take(), postgres.ConnectionString(await postgres.CreateDatabaseAsync())));
        await WriteAsync("components/pubsub.yaml", NewApp.Component);
        await using var runtime = new EmulatorRuntime(["dotnet", Repository.Emulator], runFile, Path.Combine(_folder, "data"));
        await runtime.StartAsync();
        _client.BaseAddress = new Uri($"http://127.0.0.1:{port}");
        await UntilAsync(runtime, "the app to be ready", "/healthz/ready", _ => true);

        var (hot, cold) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        foreach (var (id, degrees) in new[] { (cold, 20), (hot, 120) })
        {
            using var response = await _client.PostAsJsonAsync("/readings", new { id, degrees }, Cancel);
            response.EnsureSuccessStatusCode();
        }

        await UntilAsync(runtime, "the alarm", "/alarms", alarms => alarms == $$"""[{"id":"{{hot}}","degrees":120}]""");
    }

    private async Task PackAsync()
    {
        foreach (var library in Libraries.Values)
        {
            await RunAsync(
                Path.Combine(Repository.Root, library),
                "pack", "-o", Feed, $"-p:Version={_version}", $"-p:ArtifactsPath={Path.Combine(_folder, "build")}");
        }
    }

    private async Task<string> BuildAppAsync()
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } configured
            ? configured
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        await WriteAsync("app/boiler.csproj", NewApp.Project(Libraries.Keys, _version, cache));
        await WriteAsync("app/nuget.config", NewApp.NuGetConfig(Feed));
        await WriteAsync("app/Program.cs", NewApp.Program);
        await RunAsync(Path.Combine(_folder, "app"), "build", "-o", Path.Combine(_folder, "built"));
        return Path.Combine(_folder, "built", "boiler.dll");
    }

    private void AssertComplete(string package)
    {
        using var archive = ZipFile.OpenRead(Path.Combine(Feed, $"{package}.{_version}.nupkg"));
        var files = archive.Entries.Select(entry => entry.FullName).ToList();
        Assert.Contains("README.md", files);
        Assert.Contains($"lib/net10.0/{package}.dll", files);
        Assert.Contains($"lib/net10.0/{package}.xml", files);
        using var reader = new StreamReader(archive.GetEntry($"{package}.nuspec")!.Open());
        var specification = reader.ReadToEnd();
        Assert.Contains("<license type=\"expression\">MIT</license>", specification, StringComparison.Ordinal);
        Assert.Contains("<readme>README.md</readme>", specification, StringComparison.Ordinal);
        Assert.DoesNotContain("<description>Package Description</description>", specification, StringComparison.Ordinal);
    }

    private async Task UntilAsync(EmulatorRuntime runtime, string what, string path, Func<string, bool> condition)
    {
        var last = "";
        try
        {
            await Wait.UntilAsync(what, async () =>
            {
                try
                {
                    using var response = await _client.GetAsync(new Uri(path, UriKind.Relative), Cancel);
                    last = await response.Content.ReadAsStringAsync(Cancel);
                    return response.IsSuccessStatusCode && condition(last);
                }
                catch (HttpRequestException e)
                {
                    last = e.Message;
                    return false;
                }
            });
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message} The last response was: {last}\n{runtime.Output}", e);
        }
    }

    private async Task<string> WriteAsync(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, text, Cancel);
        return path;
    }

    private static async Task RunAsync(string folder, string verb, params string[] arguments)
    {
        var (exitCode, output) = await ProcessRunner.RunAsync(
            ["dotnet", verb, .. arguments, "-v", "q", "-clp:NoSummary", "-nodeReuse:false", "-p:UseSharedCompilation=false"],
            folder, BuildTimeout, environment: null, Cancel);
        Assert.True(exitCode == 0, output);
    }
}
