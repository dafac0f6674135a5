namespace DaprOrders.Stack;

/// <summary>A document in a resources folder of Dapr: a component, a resiliency policy or a configuration. What is missing in it is empty.</summary>
public sealed record Resource
{
    private const StringSplitOptions Parts = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    private static readonly string[] TopicScopes = ["publishingScopes", "subscriptionScopes"];

    private Resource(string file, Dictionary<object, object> document)
    {
        File = file;
        Kind = $"{document.At("kind")}";
        Name = $"{document.At("metadata", "name")}";
        Type = $"{document.At("spec", "type")}";
        Metadata = document.List("spec", "metadata").OfType<Dictionary<object, object>>()
            .GroupBy(entry => $"{entry.At("name")}").ToDictionary(same => same.Key, same => $"{same.Last().At("value")}");
        var scopes = TopicScopes.SelectMany(name => Metadata.GetValueOrDefault(name, "").Split(';', Parts))
            .Select(scope => scope.Split('=', 2, StringSplitOptions.TrimEntries)).ToList();
        Topics = [.. scopes.Where(scope => scope.Length == 2).SelectMany(scope => scope[1].Split(',', Parts)).Distinct()];
        AppIds = [.. scopes.Select(scope => scope[0]).Concat(document.List("scopes").Select(id => $"{id}")).Concat(Keys("apps")).Distinct()];
        Components = Keys("components");

        IReadOnlyList<string> Keys(string targets) =>
            [.. (document.At("spec", "targets", targets) as Dictionary<object, object> ?? []).Keys.Select(key => $"{key}")];
    }

    /// <summary>Gets the file that the document is in.</summary>
    public string File { get; }

    /// <summary>Gets the kind, for example <c>Component</c>.</summary>
    public string Kind { get; }

    /// <summary>Gets the name, by which apps and other resources refer to it.</summary>
    public string Name { get; }

    /// <summary>Gets the type of a component, for example <c>pubsub.kafka</c>.</summary>
    public string Type { get; }

    /// <summary>Gets the settings of a component. One that is taken from a secret store is empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Gets the topics that the scopes of a component name.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>Gets the app ids that scopes and the targets of resiliency name.</summary>
    public IReadOnlyList<string> AppIds { get; }

    /// <summary>Gets the components that the targets of resiliency name.</summary>
    public IReadOnlyList<string> Components { get; }

    /// <summary>Gets whether this is the component of a broker.</summary>
    public bool IsPubSub => Kind == "Component" && Type.StartsWith("pubsub.", StringComparison.Ordinal);

    /// <summary>Reads the first document of a file.</summary>
    /// <exception cref="StackException">The file is missing, or is no YAML with a mapping at its top.</exception>
    public static Resource Read(string file) => new(file, Yaml.Read(file));

    /// <summary>Reads all documents of a file.</summary>
    /// <exception cref="StackException">The file is missing, or is no YAML with mappings at its top.</exception>
    public static IReadOnlyList<Resource> ReadAll(string file) => [.. Yaml.ReadAll(file).Select(document => new Resource(file, document))];

    /// <summary>Returns the files of a resources folder that Dapr reads.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is ".yaml" or ".yml").Order(StringComparer.Ordinal);
}
