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
        ["DaprOrders.SetBasedSaveChanges"] = "libs/set-based-savechanges",
    };

    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(5);

    private readonly string _folder = Ownership.CreateFolder("packages");
    private readonly string _version = $"1.0.0-test-{Guid.NewGuid():N}"; // unique, so that no cache contains it
    private readonly HttpClient _client = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string PackageCache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } configured
        ? configured
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private string Feed => Path.Combine(_folder, "feed");

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact(Explicit = true)]
    public async Task Services_of_the_adopt_page_exchange_an_event_with_the_packages()
    {
        await PackAsync();
        Assert.All(Libraries.Keys, AssertComplete);
        foreach (var (path, text) in AdoptPage.Files())
        {
            await WriteAsync(path, text.Replace("Version=\"1.0.0\"", $"Version=\"{_version}\"", StringComparison.Ordinal));
        }

        await WriteAsync("Directory.Build.props", AdoptPage.BuildProperties(PackageCache));
        await WriteAsync("nuget.config", AdoptPage.NuGetConfig(Feed));
        foreach (var service in AdoptPage.Services)
        {
            await RunAsync(Path.Combine(_folder, service), "build", "-o", Path.Combine(_folder, "built", service));
        }

        await using var postgres = await PostgresCluster.StartAsync();
        var databases = new[] { await postgres.CreateDatabaseAsync(), await postgres.CreateDatabaseAsync() };
        var (runFile, ports) = AdoptPage.RunFile(_folder, [.. databases.Select(postgres.ConnectionString)]);
        await using var runtime = new EmulatorRuntime(["dotnet", Repository.Emulator], await WriteAsync("dapr.yaml", runFile), Path.Combine(_folder, "data"));
        await runtime.StartAsync();
        foreach (var port in ports)
        {
            await UntilAsync(runtime, "the services to be healthy", $"http://127.0.0.1:{port}/healthz/ready", health => health.Contains("\"healthy\"", StringComparison.Ordinal));
        }

        var id = Guid.CreateVersion7();
        using var response = await _client.PostAsJsonAsync(new Uri($"http://127.0.0.1:{ports[0]}/invoices"), new { id, cents = 995 }, Cancel);

        response.EnsureSuccessStatusCode();
        await UntilAsync(runtime, "the parcel", $"http://127.0.0.1:{ports[1]}/parcels", parcels => parcels == $$"""[{"id":"{{id}}"}]""");
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

    private async Task UntilAsync(EmulatorRuntime runtime, string what, string url, Func<string, bool> condition)
    {
        var last = "";
        try
        {
            await Wait.UntilAsync(what, async () =>
            {
                try
                {
                    using var response = await _client.GetAsync(new Uri(url), Cancel);
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
