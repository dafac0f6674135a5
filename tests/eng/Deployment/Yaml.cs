using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Eng.Tests.Deployment;

/// <summary>Reads YAML by keys. What is not there is null; what is no YAML names its file.</summary>
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

    /// <summary>The scalar that lies there, as written, or null.</summary>
    public static string? Text(this YamlNode? node, params string[] keys) => (node.At(keys) as YamlScalarNode)?.Value;

    public static IEnumerable<string> Keys(this YamlNode? node) =>
        node is YamlMappingNode map ? map.Children.Keys.Select(key => $"{key}") : [];

    public static IEnumerable<YamlNode> Items(this YamlNode? node) => node is YamlSequenceNode list ? list : [];

    public static IReadOnlyList<string> Texts(this YamlNode? node) => node.Items().Select(item => item.Text() ?? $"{item}").ToList();
}
