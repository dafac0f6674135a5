using System.Diagnostics;
using System.Globalization;
using DaprOrders.Testing;

namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>A copy of the sources with a mutation in it, and the services that were built of it.</summary>
internal sealed class MutatedBuild : IDisposable
{
    private static readonly string[] Copied =
        ["services", "libs", "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig", "nuget.config", "NuGet.config"];

    private readonly string _folder = Directory.CreateTempSubdirectory("dapr-orders-mutation-").FullName;

    /// <summary>Gets the folders of what was built, by app id.</summary>
    public Dictionary<string, string> Folders { get; } = [];

    /// <exception cref="InvalidOperationException">
    /// The mutation does not fit the sources any more, or they do not build with it: neither counts as being caught.
    /// </exception>
    public static async Task<MutatedBuild> CreateAsync(Mutation mutation)
    {
        var build = new MutatedBuild();
        try
        {
            await build.MakeAsync(mutation);
            return build;
        }
        catch
        {
            build.Dispose();
            throw;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task MakeAsync(Mutation mutation)
    {
        foreach (var name in Copied)
        {
            Copy(Path.Combine(Repository.Root, name), Path.Combine(_folder, name));
        }

        foreach (var edit in mutation.Edits)
        {
            Apply(edit, mutation);
        }

        if (mutation.AddedFile is { } added)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, added.File), added.Text);
        }

        foreach (var app in mutation.Apps)
        {
            await BuildAsync(app);
        }
    }

    private void Apply(Edit edit, Mutation mutation)
    {
        var path = Path.Combine(_folder, edit.File);
        var text = File.ReadAllText(path);
        var first = text.IndexOf(edit.Find, StringComparison.Ordinal);
        if (first < 0 || text.IndexOf(edit.Find, first + 1, StringComparison.Ordinal) >= 0)
        {
            throw new InvalidOperationException(
                $"The mutation '{mutation}' no longer applies: '{edit.Find.Trim()}' must stand in {edit.File} exactly once. Write it anew for the code as it is.");
        }

        File.WriteAllText(path, text.Replace(edit.Find, edit.Replacement, StringComparison.Ordinal));
    }

    private async Task BuildAsync(string app)
    {
        var project = Directory.GetFiles(Path.Combine(_folder, "services", app), "*.csproj").Single();
        var start = new ProcessStartInfo(
            "dotnet",
            ["build", project, "-v", "q", "-clp:NoSummary", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", "-p:TreatWarningsAsErrors=false"])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{app} does not build with the mutation:\n{output}"));
        }

        Folders[app] = Path.Combine(_folder, "artifacts", "bin", Path.GetFileNameWithoutExtension(project), "debug");
    }

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            File.Copy(from, to);
            return;
        }

        foreach (var file in Directory.Exists(from) ? Directory.GetFiles(from, "*", SearchOption.AllDirectories) : [])
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
