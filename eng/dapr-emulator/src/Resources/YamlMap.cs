using YamlDotNet.RepresentationModel;

namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A YAML mapping. A value that is missing or has another type is read as null or empty.</summary>
internal sealed class YamlMap
{
    private readonly YamlMappingNode _node;
    private readonly StringComparison _keys;

    public YamlMap(YamlMappingNode node, StringComparison keys)
    {
        _node = node;
        _keys = keys;
    }

    /// <summary>Gets the line on which the mapping starts. The first line is 1.</summary>
    public int Line => (int)_node.Start.Line;

    /// <summary>Gets the keys with their lines.</summary>
    public IEnumerable<(string Key, int Line)> Keys => _node.Children.Keys.OfType<YamlScalarNode>().Select(key => (key.Value ?? "", (int)key.Start.Line));

    public bool Has(string key) => Find(key) is not null;

    /// <summary>Returns the line of the value of <paramref name="key"/>, or of the mapping if the key is missing.</summary>
    public int LineOf(string key) => Find(key) is { } value ? (int)value.Start.Line : Line;

    public string? Text(string key) => Find(key) is YamlScalarNode scalar ? TextOf(scalar) : null;

    public bool? Flag(string key) => Text(key) is { } text && bool.TryParse(text, out var value) ? value : null;

    public YamlMap? Map(string key) => Find(key) is YamlMappingNode map ? new YamlMap(map, _keys) : null;

    public IEnumerable<YamlMap> Maps(string key) =>
        Find(key) is YamlSequenceNode sequence
            ? sequence.Children.OfType<YamlMappingNode>().Select(map => new YamlMap(map, _keys))
            : [];

    public IReadOnlyList<string> Texts(string key) =>
        Find(key) is YamlSequenceNode sequence
            ? [.. sequence.Children.OfType<YamlScalarNode>().Select(TextOf).OfType<string>()]
            : [];

    public IEnumerable<KeyValuePair<string, string>> Pairs(string key) =>
        Find(key) is YamlMappingNode map
            ? map.Children.Where(child => child is { Key: YamlScalarNode, Value: YamlScalarNode }).Select(child =>
                KeyValuePair.Create(((YamlScalarNode)child.Key).Value ?? "", TextOf((YamlScalarNode)child.Value) ?? ""))
            : [];

    public IEnumerable<(string Key, YamlMap Value)> Children(string key) =>
        Find(key) is YamlMappingNode map
            ? map.Children.Where(child => child is { Key: YamlScalarNode, Value: YamlMappingNode }).Select(child =>
                (((YamlScalarNode)child.Key).Value ?? "", new YamlMap((YamlMappingNode)child.Value, _keys)))
            : [];

    private static string? TextOf(YamlScalarNode scalar) =>
        scalar.Style == YamlDotNet.Core.ScalarStyle.Plain && scalar.Value is null or "" or "null" or "~" ? null : scalar.Value;

    private YamlNode? Find(string key)
    {
        foreach (var (name, value) in _node.Children)
        {
            if (name is YamlScalarNode scalar && string.Equals(scalar.Value, key, _keys))
            {
                return value;
            }
        }

        return null;
    }
}
