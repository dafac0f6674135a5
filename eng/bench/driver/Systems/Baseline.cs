using System.Runtime.InteropServices;
using DaprOrders.Stack;

namespace DaprOrders.Bench.Systems;

/// <summary>
/// Publishes the services of an earlier commit like the current ones. They run with the run file, components and SQL script of that commit, because
/// its services know no other.
/// </summary>
internal static class Baseline
{
    public const string Commit = "b3a627c";

    private static readonly TimeSpan GitTimeout = TimeSpan.FromSeconds(60);
    private static readonly string[] CopiedFolders = ["components", "postgres"];

    private static string Folder => Path.Combine(Repository.Root, "artifacts", Commit);

    /// <summary>Publishes the services unless that was done before.</summary>
    /// <returns>The settings with which they start; or null and the reason why they cannot be measured.</returns>
    public static async Task<(StackSettings? Settings, string? Reason)> PrepareAsync(StackSettings current)
    {
        if (!Repository.IsHere)
        {
            return (null, "it is built from a clone, and this program does not run in one");
        }

        if (current.Runtime is RuntimeKind.Emulator && current.Published is null)
        {
            return (null, "on the emulator it needs published programs (./run.sh bench)");
        }

        if (!await TryGitAsync("cat-file", "-e", $"{Commit}^{{commit}}"))
        {
            return (null, "the commit is not in this clone; get it with: git fetch --unshallow");
        }

        try
        {
            if (!File.Exists(Path.Combine(Folder, "dapr.yaml")))
            {
                await PublishAsync();
            }
        }
        catch (StackException e)
        {
            Console.Error.WriteLine($"bench: {e.Message}");
            return (null, "it could not be built");
        }

        if (current.Published is not null && !Directory.Exists(Path.Combine(Folder, "dapr-emulator")))
        {
            Directory.CreateSymbolicLink(Path.Combine(Folder, "dapr-emulator"), Path.Combine(current.Published, "dapr-emulator"));
        }

        return (current with { Published = Folder }, null);
    }

    private static async Task PublishAsync()
    {
        Progress.Write($"Publishing the services of {Commit}, once");
        var source = $"{Folder}.source";
        await GitAsync("worktree", "add", "--force", "--detach", source, Commit);
        try
        {
            foreach (var appId in Repository.Projects.Keys)
            {
                await DotnetBuild.PublishAsync(
                    Path.Combine(source, "services", appId), CancellationToken.None, "-r", RuntimeInformation.RuntimeIdentifier, "--self-contained", "-c", "Release",
                    "-o", Path.Combine(Folder, appId), $"-p:ArtifactsPath={Folder}.build", "-p:PublishReadyToRun=true",
                    "-p:NuGetAudit=false"); // an old package with a known vulnerability must not fail the build
            }

            foreach (var folder in CopiedFolders)
            {
                Copy(Path.Combine(source, folder), Path.Combine(Folder, folder));
            }

            Copy(Path.Combine(Repository.Root, "rabbitmq"), Path.Combine(Folder, "rabbitmq")); // that commit has no such folder

            // Written last, because the file shows that the publish is complete.
            var runFile = RunFile.Read(Path.Combine(source, "dapr.yaml"));
            runFile.UsePublished(source, appId => Repository.Projects[appId]);
            await File.WriteAllTextAsync(Path.Combine(Folder, "dapr.yaml"), runFile.ToString());
        }
        finally
        {
            await TryGitAsync("worktree", "remove", "--force", source);
        }
    }

    private static void Copy(string folder, string target)
    {
        foreach (var file in Directory.GetFiles(folder, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }
    }

    private static async Task<bool> TryGitAsync(params string[] arguments) => (await RunGitAsync(arguments)).ExitCode is 0;

    private static async Task GitAsync(params string[] arguments)
    {
        if (await RunGitAsync(arguments) is (not 0, var output))
        {
            throw new StackException($"git {string.Join(' ', arguments)} failed:\n{output.TrimEnd()}");
        }
    }

    private static Task<(int? ExitCode, string Output)> RunGitAsync(string[] arguments) =>
        ProcessRunner.RunAsync(["git", .. arguments], Repository.Root, GitTimeout, null, CancellationToken.None);
}
