using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Stack;

/// <summary>Reads values from YAML by their path. Quotes, flow style and anchors make no difference.</summary>
internal static class Yaml
{
    /// <summary>Reads the first document of a file.</summary>
    /// <exception cref="StackException">The file is missing, or is no YAML with a mapping at its top.</exception>
    public static YamlMappingNode Read(string file)
    {
        try
        {
            using var reader = File.OpenText(file);
            var stream = new YamlStream();
            stream.Load(reader);
            return stream.Documents.FirstOrDefault()?.RootNode as YamlMappingNode ?? throw new StackException($"{file} has no keys");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StackException($"{file} cannot be read: {e.Message}", e);
        }
        catch (YamlException e)
        {
            throw new StackException($"{file}:{e.Start.Line}: this is no YAML: {e.Message}", e);
        }
    }

    /// <summary>Returns the text at a path, or null if there is none.</summary>
    public static string? Text(this YamlMappingNode node, params string[] path) => (At(node, path) as YamlScalarNode)?.Value;

    /// <summary>Returns the entries of the list at a path; none if there is no list.</summary>
    public static IEnumerable<YamlNode> List(this YamlMappingNode node, params string[] path) => At(node, path) as YamlSequenceNode ?? [];

    private static YamlNode? At(YamlMappingNode node, string[] path)
    {
        YamlNode? at = node;
        foreach (var key in path)
        {
            at = at is YamlMappingNode mapping && mapping.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;
        }

        return at;
    }
}
