using System.Diagnostics;
using DaprOrders.Stack;

namespace DaprOrders.Faults.Tests.Mutations;

/// <summary>
/// Compiles the project that a mutation changes in a copy of the sources, and replaces its assembly in copies of the services. That is faster than
/// building each service with all its references.
/// </summary>
internal sealed class MutatedBuild : IDisposable
{
    private static readonly string[] Sources =
        ["services", "libs", "Directory.Build.props", "Directory.Packages.props", "global.json", ".editorconfig"];

    private static readonly string[] Libraries =
        ["DaprOrders.Messaging", "DaprOrders.Persistence", "DaprOrders.ServiceDefaults", "DaprOrders.SetBasedSaveChanges"];

    private static readonly TimeSpan BuildTimeout = TimeSpan.FromMinutes(3);

    private readonly string _folder = Ownership.CreateFolder("mutation");

    /// <summary>Gets the folders of the mutated services by app id.</summary>
    public Dictionary<string, string> Folders { get; } = [];

    /// <exception cref="InvalidOperationException">The mutation does not match the sources, or does not compile.</exception>
    public static async Task<MutatedBuild> CreateAsync(Mutation mutation)
    {
        var build = new MutatedBuild();
        try
        {
            await build.PrepareAsync(mutation);
            return build;
        }
        catch
        {
            build.Dispose();
            throw;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task PrepareAsync(Mutation mutation)
    {
        foreach (var name in Sources)
        {
            Copy(Path.Combine(Repository.Root, name), Path.Combine(_folder, name));
        }

        foreach (var edit in mutation.Edits)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, edit.File), Apply(_folder, edit, mutation));
        }

        if (mutation.AddedFile is { } added)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, added.File), added.Text);
        }

        var project = Directory.GetFiles(Path.Combine(_folder, mutation.Project), "*.csproj").Single();
        var assembly = Path.GetFileNameWithoutExtension(project);
        CopyRestored(assembly);
        await BuildAsync(project, mutation);
        foreach (var app in mutation.Apps)
        {
            Folders[app] = Path.Combine(_folder, "mutated", app);
            Copy(BuiltFolder(AssemblyOf(app)), Folders[app]);
            File.Copy(Path.Combine(CopyOf(BuiltFolder(assembly)), $"{assembly}.dll"), Path.Combine(Folders[app], $"{assembly}.dll"), overwrite: true);
        }
    }

    /// <summary>Returns the text of the edited file.</summary>
    /// <exception cref="InvalidOperationException">The edit does not match the sources.</exception>
    public static string Apply(string root, Edit edit, Mutation mutation)
    {
        if (!edit.File.StartsWith($"{mutation.Project}/", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The mutation '{mutation}' edits {edit.File}, but only {mutation.Project} is built.");
        }

        var text = File.ReadAllText(Path.Combine(root, edit.File));
        var first = text.IndexOf(edit.Find, StringComparison.Ordinal);
        if (first < 0 || text.IndexOf(edit.Find, first + 1, StringComparison.Ordinal) >= 0)
        {
            throw new InvalidOperationException(
                $"The mutation '{mutation}' no longer applies: '{edit.Find.Trim()}' must occur exactly once in {edit.File}. Adapt the mutation to the sources.");
        }

        return text.Replace(edit.Find, edit.Replacement, StringComparison.Ordinal);
    }

    /// <summary>Copies the restored files and the libraries that the project references.</summary>
    private void CopyRestored(string assembly)
    {
        foreach (var file in Libraries.Append(assembly).Distinct().SelectMany(RestoredFiles))
        {
            Copy(file, CopyOf(file));
        }

        foreach (var library in Libraries.Where(library => library != assembly))
        {
            Copy(BuiltFolder(library), CopyOf(BuiltFolder(library)));
        }
    }

    private static async Task BuildAsync(string project, Mutation mutation)
    {
        using var process = Process.Start(new ProcessStartInfo(
            "dotnet",
            [
                "build", project, "--no-restore", "-c", Path.GetFileName(BuiltFolder(Libraries[0])), "-v", "q", "-clp:NoSummary",
                "-p:BuildProjectReferences=false", "-p:ProduceReferenceAssembly=false", "-p:GenerateDocumentationFile=false", "-p:RunAnalyzers=false",
                "-p:TreatWarningsAsErrors=false", "-p:UseSharedCompilation=false", "-nodeReuse:false",
            ])
        {
            RedirectStandardOutput = true,
        })!;
        try
        {
            var text = process.StandardOutput.ReadToEndAsync();
            await Wait.UntilAsync($"the build of {mutation.Project} with the mutation '{mutation}'", () => process.HasExited, BuildTimeout);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"{mutation.Project} does not build with the mutation '{mutation}':\n{await text}");
            }
        }
        finally
        {
            process.Kill(entireProcessTree: true); // does nothing if it has exited
        }
    }

    private string CopyOf(string path) => Path.Combine(_folder, Path.GetRelativePath(Repository.Root, path));

    private static string[] RestoredFiles(string assembly) => Directory.GetFiles(Path.Combine(Repository.Root, "artifacts", "obj", assembly));

    private static string AssemblyOf(string app) =>
        Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(Repository.Root, "services", app), "*.csproj").Single());

    private static string BuiltFolder(string assembly) => Path.GetDirectoryName(Repository.Built(assembly, $"{assembly}.dll"))!;

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
            return;
        }

        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }
}
