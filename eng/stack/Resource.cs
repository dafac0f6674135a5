namespace DaprOrders.Stack;

/// <summary>A document in a resources folder of Dapr: a component, a resiliency policy or a configuration. Missing values are empty.</summary>
public sealed record Resource
{
    private const StringSplitOptions SplitOptions = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;

    private static readonly string[] TopicScopes = ["publishingScopes", "subscriptionScopes"];

    private Resource(string file, Dictionary<object, object> document)
    {
        File = file;
        Kind = $"{document.At("kind")}";
        Name = $"{document.At("metadata", "name")}";
        Type = $"{document.At("spec", "type")}";
        Metadata = document.List("spec", "metadata").OfType<Dictionary<object, object>>()
            .GroupBy(entry => $"{entry.At("name")}").ToDictionary(same => same.Key, same => $"{same.Last().At("value")}");
        var scopes = TopicScopes.SelectMany(name => Metadata.GetValueOrDefault(name, "").Split(';', SplitOptions))
            .Select(scope => scope.Split('=', 2, StringSplitOptions.TrimEntries)).ToList();
        Topics = [.. scopes.Where(scope => scope.Length == 2).SelectMany(scope => scope[1].Split(',', SplitOptions)).Distinct()];
        AppIds = [.. scopes.Select(scope => scope[0]).Concat(document.List("scopes").Select(id => $"{id}")).Concat(Keys("apps")).Distinct()];
        Components = Keys("components");

        IReadOnlyList<string> Keys(string targets) =>
            [.. (document.At("spec", "targets", targets) as Dictionary<object, object> ?? []).Keys.Select(key => $"{key}")];
    }

    /// <summary>Gets the path of the file.</summary>
    public string File { get; }

    /// <summary>Gets the kind, for example <c>Component</c>.</summary>
    public string Kind { get; }

    /// <summary>Gets the name that apps and other resources use.</summary>
    public string Name { get; }

    /// <summary>Gets the type of a component, for example <c>pubsub.kafka</c>.</summary>
    public string Type { get; }

    /// <summary>Gets the settings of a component. A setting from a secret store is empty.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Gets the topics in the scopes of a component.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>Gets the app ids in scopes and in the targets of a resiliency policy.</summary>
    public IReadOnlyList<string> AppIds { get; }

    /// <summary>Gets the components in the targets of a resiliency policy.</summary>
    public IReadOnlyList<string> Components { get; }

    /// <summary>Gets whether this is the component of a broker.</summary>
    public bool IsPubSub => Kind == "Component" && Type.StartsWith("pubsub.", StringComparison.Ordinal);

    /// <summary>Reads the first document of a file.</summary>
    /// <exception cref="StackException">The file is missing or is not a YAML mapping.</exception>
    public static Resource Read(string file) => new(file, Yaml.Read(file));

    /// <summary>Reads all documents of a file.</summary>
    /// <exception cref="StackException">The file is missing or contains something other than YAML mappings.</exception>
    public static IReadOnlyList<Resource> ReadAll(string file) => [.. Yaml.ReadAll(file).Select(document => new Resource(file, document))];

    /// <summary>Returns the files in a resources folder that Dapr reads.</summary>
    public static IEnumerable<string> FilesIn(string folder) =>
        Directory.GetFiles(folder).Where(file => Path.GetExtension(file) is ".yaml" or ".yml").Order(StringComparer.Ordinal);
}
