using System.Text.Json;

namespace DaprOrders.Stack;

/// <summary>Writes solution filters, to build several projects of DaprOrders.sln in one build.</summary>
public static class SolutionFilter
{
    /// <summary>Writes a solution filter and returns its path.</summary>
    /// <param name="root">The root of the clone.</param>
    /// <param name="folder">The folder for the filter, below the root.</param>
    /// <param name="projectFolders">The absolute paths of the projects' folders.</param>
    public static string Write(string root, string folder, IEnumerable<string> projectFolders)
    {
        var projects = projectFolders.Select(project => Directory.GetFiles(project, "*.csproj").SingleOrDefault()
            ?? throw new StackException($"{project} has no project, but dapr.yaml names it"));
        var filter = new
        {
            solution = new
            {
                path = Path.GetRelativePath(folder, Path.Combine(root, "DaprOrders.sln")),
                // The paths must be spelled as in the solution, with backslashes.
                projects = projects.Select(project => Path.GetRelativePath(root, project).Replace('/', '\\')),
            },
        };
        var path = Path.Combine(folder, "services.slnf");
        File.WriteAllText(path, JsonSerializer.Serialize(filter));
        return path;
    }
}
