using System.Diagnostics;
using System.Text.Json;
using DaprOrders.Stack;

namespace DaprOrders.Eng.Tests.Scripts;

/// <summary>Checks that published programs need no SDK, sources or NuGet, only PostgreSQL and a few programs of a minimal Debian.</summary>
[Trait("Form", "scripts")]
public sealed class PublishTests : IDisposable
{
    private static readonly string[] Programs = ["chown", "env", "mkfifo", "mount", "perl", "runuser", "setsid", "sh", "sleep", "umount"];

    private readonly string _folder = Ownership.CreateFolder("published");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact(Explicit = true)]
    public async Task Published_end_to_end_suite_passes_in_an_empty_folder()
    {
        var target = Path.Combine(_folder, "published");
        var (published, output) = await RunAsync("./run.sh", Repository.Root, "", "publish", "--to", target);
        Assert.True(published == 0, output);
        var empty = Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName;

        var (status, result) = await RunAsync(Path.Combine(target, "end-to-end", "DaprOrders.EndToEnd.Tests"), empty, PathWithoutDotnet(), "-noColor", "-trait-", "Needs=sources");

        Assert.True(status == 0, result);
        Assert.Contains("Failed: 0, Skipped: 0, ", result, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(empty));
        Assert.True(File.Exists(Path.Combine(target, "faults", "DaprOrders.Faults.Tests")));
        Assert.All(Repository.Projects.Keys, appId => AssertListsPublishedPackages(target, appId));
    }

    /// <summary>Asserts that the bill of materials of a service contains each package whose files were published with it.</summary>
    private static void AssertListsPublishedPackages(string target, string appId)
    {
        var bill = JsonDocument.Parse(File.ReadAllText(Path.Combine(target, "sbom", $"{appId}.cdx.json"))).RootElement;
        var listed = bill.GetProperty("components").EnumerateArray()
            .Select(component => $"{component.GetProperty("name").GetString()}/{component.GetProperty("version").GetString()}").ToHashSet(StringComparer.OrdinalIgnoreCase);
        var published = JsonDocument.Parse(File.ReadAllText(Path.Combine(target, appId, $"{Repository.Projects[appId]}.deps.json"))).RootElement
            .GetProperty("libraries").EnumerateObject().Where(library => library.Value.GetProperty("type").GetString() == "package").Select(library => library.Name);
        Assert.Subset(listed, published.ToHashSet(StringComparer.OrdinalIgnoreCase));
    }

    private string PathWithoutDotnet()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "programs")).FullName;
        foreach (var program in Programs)
        {
            var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Append("/sbin")
                .Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);
            if (found is not null)
            {
                File.CreateSymbolicLink(Path.Combine(folder, program), found);
            }
        }

        return folder;
    }

    private static async Task<(int Status, string Output)> RunAsync(string program, string folder, string path, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.IsPathRooted(program) ? program : Path.Combine(folder, program), arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        if (path.Length > 0)
        {
            start.Environment.Clear();
            start.Environment["PATH"] = path;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(10));
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, output);
    }
}
