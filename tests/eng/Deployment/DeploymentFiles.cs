using System.Collections.Concurrent;
using DaprOrders.Stack;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>The text of every file that configures how the system runs, by its path in the repository. The files on disk are never changed.</summary>
internal sealed class DeploymentFiles
{
    private static readonly Lazy<DeploymentFiles> OnDisk = new(Read);

    private readonly SortedDictionary<string, string> _files;
    private readonly ConcurrentDictionary<string, IReadOnlyList<YamlNode>> _documents = new();

    private DeploymentFiles(IDictionary<string, string> files) => _files = new(files, StringComparer.Ordinal);

    public static DeploymentFiles OfThisClone => OnDisk.Value;

    /// <summary>Gets the brokers that have a component file: kafka, redis, …</summary>
    public IEnumerable<string> Brokers => Under("components/")
        .Select(path => path.Split('/')).Where(path => path.Length == 3 && path[1] != "common").Select(path => path[1]).Distinct();

    public string this[string path] => _files.TryGetValue(path, out var text) ? text : throw new InvalidDataException($"{path} is missing");

    /// <summary>Returns the YAML documents of a file.</summary>
    public IReadOnlyList<YamlNode> Documents(string path) => _documents.GetOrAdd(path, _ => Yaml.Parse(path, this[path]));

    /// <summary>Returns the first YAML document of a file.</summary>
    public YamlNode Document(string path) => Documents(path)[0];

    public bool Has(string path) => _files.ContainsKey(path);

    public IEnumerable<string> Under(string folder) => _files.Keys.Where(path => path.StartsWith(folder, StringComparison.Ordinal));

    /// <summary>Returns the same files with one change. If <paramref name="from"/> is empty, the change is a new file.</summary>
    public DeploymentFiles With(string path, string from, string to)
    {
        var changed = new DeploymentFiles(_files);
        if (from.Length == 0)
        {
            changed._files.Add(path, to);
            return changed;
        }

        var text = this[path];
        var at = text.IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{path} does not contain '{from}'");
        changed._files[path] = string.Concat(text.AsSpan(0, at), to, text.AsSpan(at + from.Length));
        return changed;
    }

    private static DeploymentFiles Read()
    {
        var root = Repository.Root;
        var components = Directory.GetFiles(Path.Combine(root, "components"), "*", SearchOption.AllDirectories);
        var composeFiles = Directory.GetFiles(root, "docker-compose*.y*ml");
        string[] others =
        [
            "dapr.yaml", "rabbitmq/definitions.json", "rabbitmq/20-dapr-orders.conf", "docs/orders.http", "samples/notification-node/dapr.yaml",
            ".vscode/launch.json", ".vscode/tasks.json", "DaprOrders.slnLaunch",
            "deploy/observability/prometheus.yml", "deploy/observability/alerts.yml", "deploy/observability/alerts.tests.yml",
            .. Design.Apps.Select(app => $"services/{app.Id}/Properties/launchSettings.json"),
        ];
        var documents = Directory.GetFiles(root, "*.md").Concat(Directory.GetFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories));
        var sources = ((string[])["libs", "services", "tests"])
            .SelectMany(folder => Directory.GetFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories));
        return new DeploymentFiles(components.Concat(composeFiles).Concat(documents).Concat(sources).Concat(others.Select(path => Path.Combine(root, path)))
            .ToDictionary(path => Path.GetRelativePath(root, path), File.ReadAllText));
    }
}
