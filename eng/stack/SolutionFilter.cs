using System.Text.Json;

namespace DaprOrders.Stack;

/// <summary>Writes a solution filter, by which some projects of DaprOrders.sln are built at once.</summary>
public static class SolutionFilter
{
    /// <param name="root">The root of the clone.</param>
    /// <param name="folder">The folder for the filter, below the root.</param>
    /// <param name="projectFolders">The folders of the projects, absolute.</param>
    /// <returns>The path of the filter.</returns>
    public static string Write(string root, string folder, IEnumerable<string> projectFolders)
    {
        var projects = projectFolders.Select(project => Directory.GetFiles(project, "*.csproj").SingleOrDefault()
            ?? throw new StackException($"{project} has no project, but dapr.yaml names it"));
        var filter = new
        {
            solution = new
            {
                path = Path.GetRelativePath(folder, Path.Combine(root, "DaprOrders.sln")),
                // Names must be spelled as in the solution.
                projects = projects.Select(project => Path.GetRelativePath(root, project).Replace('/', '\\')),
            },
        };
        var path = Path.Combine(folder, "services.slnf");
        File.WriteAllText(path, JsonSerializer.Serialize(filter));
        return path;
    }
}
