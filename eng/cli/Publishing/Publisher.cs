using DaprOrders.Stack;

namespace DaprOrders.Cli.Publishing;

/// <summary>Publishes the system to a folder, with a dapr.yaml that starts the published programs.</summary>
/// <param name="target">The absolute path of the folder.</param>
internal sealed class Publisher(string rid, string target, bool hasSuites)
{
    private static readonly (string Folder, string Project)[] Programs =
    [
        .. Repository.Projects.Keys.Select(appId => (appId, $"services/{appId}")),
        ("dapr-emulator", "eng/dapr-emulator/src"),
        ("bench", "eng/bench/driver"),
        ("no-op", "eng/bench/no-op"),
        ("save-then-publish", "eng/bench/save-then-publish"),
    ];

    private static readonly (string Folder, string Project)[] Suites = [("end-to-end", "tests/end-to-end"), ("faults", "tests/faults")];

    private readonly string _root = Repository.Root;

    public static string DefaultFolder(string rid) => Path.Combine(Repository.Root, "artifacts", "published", rid);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var runFile = Path.Combine(target, "dapr.yaml");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && !File.Exists(runFile))
        {
            throw new StackException($"{target} is not empty and does not come from an earlier publish; choose another folder with --to");
        }

        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        foreach (var (folder, project) in Programs)
        {
            // Compiled ahead of time. Otherwise each process spends its first seconds compiling.
            await PublishAsync(folder, project, "-p:PublishReadyToRun=true");
        }

        foreach (var (folder, project) in hasSuites ? Suites : [])
        {
            await PublishAsync(folder, project);
        }

        await Output.StepAsync("Listing the packages of the services", "Listed the packages of the services in sbom", () => WriteSbomsAsync(cancellationToken));
        Copy("components");
        Copy("postgres");
        Copy("rabbitmq");
        // Written last: the file shows that the publish is complete, and its time shows when.
        var published = RunFile.Read(Path.Combine(_root, "dapr.yaml"));
        published.UsePublished(_root, appId => Repository.Projects[appId]);
        await File.WriteAllTextAsync(runFile, published.ToString(), cancellationToken);
        Output.Line($"Published to {target}");

        Task PublishAsync(string folder, string project, params string[] options) => Output.StepAsync(
            $"Publishing {folder}",
            $"Published {folder}",
            () => DotnetBuild.PublishAsync(
                Path.Combine(_root, project),
                cancellationToken,
                ["-r", rid, "--self-contained", "-c", "Release", "-o", Path.Combine(target, folder), $"-p:ArtifactsPath={target}.build", .. options]));
    }

    /// <summary>Writes a software bill of materials for each service: its packages with version, license and hash, in the format CycloneDX.</summary>
    private async Task WriteSbomsAsync(CancellationToken cancellationToken)
    {
        await RunAsync("dotnet", "tool", "restore");
        foreach (var (appId, project) in Repository.Projects)
        {
            await RunAsync(
                "dotnet", "CycloneDX", Path.Combine("services", appId, $"{project}.csproj"), "--output", Path.Combine(target, "sbom"),
                "--filename", $"{appId}.cdx.json", "--output-format", "Json", "--set-version", $"{typeof(Publisher).Assembly.GetName().Version!.ToString(2)}");
        }

        async Task RunAsync(params string[] command)
        {
            var (exitCode, output) = await ProcessRunner.RunAsync(command, _root, null, null, cancellationToken);
            if (exitCode is not 0)
            {
                throw new StackException($"{string.Join(' ', command)} failed:\n{output.TrimEnd()}");
            }
        }
    }

    private void Copy(string folder)
    {
        foreach (var file in Directory.GetFiles(Path.Combine(_root, folder), "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(_root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
