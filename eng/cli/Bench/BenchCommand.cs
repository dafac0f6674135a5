using System.CommandLine;
using System.Runtime.InteropServices;
using DaprOrders.Cli.Publishing;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Bench;

/// <summary>The <c>bench</c> command. Publishes the system with ReadyToRun if a source has changed, then runs the benchmark.</summary>
internal static class BenchCommand
{
    private static readonly string[] SourceExtensions = [".cs", ".csproj", ".props", ".yaml"];
    private static readonly string[] SkippedFolders = ["artifacts", ".git", ".dapr-orders", "node_modules"];

    public static Command Create()
    {
        var options = new Argument<string[]>("options")
        {
            Description = "Options of the benchmark, for example --quick, which takes 3 minutes. `bench -- --help` lists them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("bench", "Measures what an order costs. Takes two hours, or 3 minutes with --quick, and needs an idle machine.") { options };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(options) ?? [], cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] options, CancellationToken cancellationToken)
    {
        var rid = RuntimeInformation.RuntimeIdentifier;
        var published = Publisher.DefaultFolder(rid);
        if (!IsCurrent(Path.Combine(published, "dapr.yaml")))
        {
            await new Publisher(rid, published, hasSuites: false).RunAsync(cancellationToken);
        }

        if (MeasuresStart(options))
        {
            await BuildAsync(cancellationToken);
        }

        return await ProcessRunner.RunInForegroundAsync(
            [Path.Combine(published, "bench", SearchPath.FileName("DaprOrders.Bench")), .. options], null, cancellationToken);
    }

    private static bool MeasuresStart(string[] options) =>
        options.Contains("start") || (!options.Contains("--only") && !options.Contains("--quick"));

    /// <summary>Builds the services and the emulator, because the benchmark also measures their start times without publishing.</summary>
    private static async Task BuildAsync(CancellationToken cancellationToken)
    {
        foreach (var project in Repository.Projects.Keys.Select(appId => $"services/{appId}").Append("eng/dapr-emulator/src"))
        {
            await Output.StepAsync(
                $"Building {project}", $"Built {project}", () => DotnetBuild.RunAsync(Path.Combine(Repository.Root, project), cancellationToken, "-c", "Release"));
        }
    }

    /// <summary>Returns whether no source has changed since the last publish, which writes the run file last.</summary>
    private static bool IsCurrent(string runFile)
    {
        var written = File.GetLastWriteTimeUtc(runFile);
        return File.Exists(runFile) && !Sources(new DirectoryInfo(Repository.Root)).Any(source => source.LastWriteTimeUtc > written);
    }

    private static IEnumerable<FileInfo> Sources(DirectoryInfo folder) => folder.EnumerateFiles()
        .Where(file => SourceExtensions.Contains(file.Extension))
        .Concat(folder.EnumerateDirectories().Where(inner => !SkippedFolders.Contains(inner.Name)).SelectMany(Sources));
}
