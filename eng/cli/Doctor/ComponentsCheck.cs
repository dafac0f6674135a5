using DaprOrders.Stack;

namespace DaprOrders.Cli.Doctor;

/// <summary>Checks that the resources of the run file can be read, contain one broker, and name only apps and components that exist.</summary>
internal static class ComponentsCheck
{
    private const string Name = "Components";

    // The services use this name by default (Messaging:PubSubName).
    private const string PubSub = "pubsub";

    public static IReadOnlyList<Finding> Run(string root, RunFile runFile)
    {
        var findings = new List<Finding>();
        var resources = Read(root, runFile, findings);
        if (findings.Count is 0)
        {
            findings.AddRange(FindBroker(root, runFile, resources).Concat(FindUnknownNames(root, runFile, resources)));
        }

        return findings.Count > 0
            ? findings
            : [new Finding(Severity.Ok, Name, string.Join(", ", runFile.ResourceFolders.Select(folder => Path.GetRelativePath(root, folder))))];
    }

    private static List<Resource> Read(string root, RunFile runFile, List<Finding> findings)
    {
        var resources = new List<Resource>();
        foreach (var folder in runFile.ResourceFolders)
        {
            if (!Directory.Exists(folder))
            {
                var path = Path.GetRelativePath(root, folder);
                findings.Add(Finding.Broken(Name, $"dapr.yaml names {path}, which is missing", path));
                continue;
            }

            foreach (var file in Resource.FilesIn(folder))
            {
                try
                {
                    resources.AddRange(Resource.ReadAll(file));
                }
                catch (StackException e)
                {
                    findings.Add(Finding.Broken(Name, e.Message, Path.GetRelativePath(root, file)));
                }
            }
        }

        return resources;
    }

    private static IEnumerable<Finding> FindBroker(string root, RunFile runFile, List<Resource> resources)
    {
        var brokers = resources.Where(resource => resource.IsPubSub).ToList();
        if (brokers is not [var broker])
        {
            var found = brokers.Count > 0 ? string.Join(", ", brokers.Select(other => Path.GetRelativePath(root, other.File))) : "none";
            yield return Finding.Broken(
                Name, $"resourcesPaths of dapr.yaml must contain the component of one broker; found: {found}", "dapr.yaml components");
            yield break;
        }

        var path = Path.GetRelativePath(root, broker.File);
        if (broker.Name != PubSub)
        {
            yield return Finding.Broken(Name, $"{path} names the component '{broker.Name}', but the services use '{PubSub}'", path);
        }

        if (broker.File != runFile.ComponentFile)
        {
            var expected = Path.GetRelativePath(root, runFile.ComponentFile);
            yield return Finding.Broken(Name, $"{path} must be {expected}, in the last folder of resourcesPaths", "dapr.yaml");
            yield break;
        }

        if (ErrorOf(runFile.ComponentFile) is { } error)
        {
            yield return Finding.Broken(Name, error, path);
        }
    }

    private static string? ErrorOf(string file)
    {
        try
        {
            _ = Broker.Read(file);
            return null;
        }
        catch (StackException e)
        {
            return e.Message;
        }
    }

    private static IEnumerable<Finding> FindUnknownNames(string root, RunFile runFile, List<Resource> resources)
    {
        var components = resources.Where(resource => resource.Kind == "Component").Select(resource => resource.Name).ToList();
        foreach (var resource in resources)
        {
            var path = Path.GetRelativePath(root, resource.File);
            if (resource.Kind.Length is 0 || resource.Name.Length is 0 || (resource.Kind == "Component" && resource.Type.Length is 0))
            {
                yield return Finding.Broken(Name, $"{path} needs kind and metadata.name, and for a component spec.type", path);
            }

            var unknown = resource.AppIds.Except(runFile.Apps.Select(app => app.AppId)).Select(id => $"the app {id}")
                .Concat(resource.Components.Except(components).Select(component => $"the component {component}"));
            foreach (var name in unknown)
            {
                yield return Finding.Broken(Name, $"{path} names {name}, which does not exist", path);
            }
        }
    }
}
