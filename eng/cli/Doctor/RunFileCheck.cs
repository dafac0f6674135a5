using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks that the apps, folders and files that the run file names exist.</summary>
internal static class RunFileCheck
{
    public const string Name = "Run file";

    public static IReadOnlyList<Finding> Run(string root, RunFile runFile)
    {
        Finding[] findings = [.. Find(root, runFile)];
        return findings.Length > 0
            ? findings
            : [new Finding(Severity.Ok, Name, $"dapr.yaml starts {string.Join(", ", runFile.Apps.Select(app => app.AppId))}")];
    }

    private static IEnumerable<Finding> Find(string root, RunFile runFile)
    {
        foreach (var app in runFile.Apps)
        {
            var folder = Path.GetRelativePath(root, app.Folder);
            if (!Repository.Projects.ContainsKey(app.AppId))
            {
                yield return Finding.Broken(
                    Name, $"dapr.yaml names the app {app.AppId}, which is not one of {string.Join(", ", Repository.Projects.Keys)}", "dapr.yaml");
            }
            else if (!Directory.Exists(app.Folder) || Directory.GetFiles(app.Folder, "*.csproj").Length is not 1)
            {
                yield return Finding.Broken(Name, $"dapr.yaml names {folder}, which has no project", folder);
            }
        }

        foreach (var port in runFile.Apps.SelectMany(app => app.Ports).GroupBy(port => port).Where(same => same.Count() > 1))
        {
            yield return Finding.Broken(Name, $"dapr.yaml names port {port.Key} more than once", "dapr.yaml");
        }

        if (runFile.Databases.Count is 0)
        {
            yield return Finding.Broken(Name, "dapr.yaml names no database", "dapr.yaml");
        }

        if (runFile.ConfigurationFile is { } file && !File.Exists(file))
        {
            var path = Path.GetRelativePath(root, file);
            yield return Finding.Broken(Name, $"dapr.yaml names {path}, which is missing", path);
        }
    }
}
