using System.CommandLine;
using System.Runtime.InteropServices;
using DaprOrders.Cli.Publishing;
using DaprOrders.Stack;

namespace DaprOrders.Cli.Bench;

/// <summary><c>bench</c>: publishes the system with ReadyToRun, unless nothing has changed since, and measures it.</summary>
internal static class BenchCommand
{
    private static readonly string[] Extensions = [".cs", ".csproj", ".props", ".yaml"];
    private static readonly string[] Skipped = ["artifacts", ".git", ".dapr-orders", "node_modules"];

    public static Command Create()
    {
        var options = new Argument<string[]>("options")
        {
            Description = "Options of the benchmark, for example --quick, which takes 3 minutes. `bench -- --help` lists them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command("bench", "Measures what an order costs, in 20 minutes on an idle machine.") { options };
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

        if (!options.Contains("--quick"))
        {
            await BuildAsync(cancellationToken);
        }

        return await ProcessRunner.RunInForegroundAsync(
            [Path.Combine(published, "bench", SearchPath.FileName("DaprOrders.Bench")), .. options], null, cancellationToken);
    }

    /// <summary>Builds what the start times are measured with, which was only built and not published.</summary>
    private static async Task BuildAsync(CancellationToken cancellationToken)
    {
        foreach (var project in Repository.Projects.Keys.Select(appId => $"services/{appId}").Append("eng/dapr-emulator/src"))
        {
            await Output.StepAsync(
                $"Building {project}", $"Built {project}", () => DotnetBuild.RunAsync(Path.Combine(Repository.Root, project), cancellationToken, "-c", "Release"));
        }
    }

    /// <summary>Returns whether no source has changed since the run file was written, which is the last step of publishing.</summary>
    private static bool IsCurrent(string runFile)
    {
        var written = File.GetLastWriteTimeUtc(runFile);
        return File.Exists(runFile) && !Sources(new DirectoryInfo(Repository.Root)).Any(source => source.LastWriteTimeUtc > written);
    }

    private static IEnumerable<FileInfo> Sources(DirectoryInfo folder) => folder.EnumerateFiles()
        .Where(file => Extensions.Contains(file.Extension))
        .Concat(folder.EnumerateDirectories().Where(inner => !Skipped.Contains(inner.Name)).SelectMany(Sources));
}
