using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>Reads YAML by keys. A missing value is null. The error for invalid YAML names the file.</summary>
internal static class Yaml
{
    public static IReadOnlyList<YamlNode> Parse(string path, string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents.Select(document => document.RootNode).ToList();
        }
        catch (YamlException e)
        {
            throw new InvalidDataException($"{path}: {e.Start}: {e.Message}", e);
        }
    }

    public static YamlNode? At(this YamlNode? node, params string[] keys)
    {
        foreach (var key in keys)
        {
            node = node is YamlMappingNode map && map.Children.TryGetValue(key, out var child) ? child : null;
        }

        return node;
    }

    /// <summary>Returns the scalar at this path as text; null if there is none.</summary>
    public static string? Text(this YamlNode? node, params string[] keys) => (node.At(keys) as YamlScalarNode)?.Value;

    public static IEnumerable<string> Keys(this YamlNode? node) =>
        node is YamlMappingNode map ? map.Children.Keys.Select(key => $"{key}") : [];

    public static IEnumerable<YamlNode> Items(this YamlNode? node) => node is YamlSequenceNode list ? list : [];

    public static IReadOnlyList<string> Texts(this YamlNode? node) => node.Items().Select(item => item.Text() ?? $"{item}").ToList();
}
