using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace DaprOrders.Stack;

/// <summary>Reads YAML, including flow style, anchors and merge keys. Every scalar is text.</summary>
internal static class Yaml
{
    /// <summary>Reads the first document of a file.</summary>
    /// <exception cref="StackException">The file is missing or is not a YAML mapping.</exception>
    public static Dictionary<object, object> Read(string file) =>
        ReadAll(file) is [var first, ..] ? first : throw new StackException($"{file} is empty");

    /// <summary>Reads all documents of a file. Empty documents are skipped.</summary>
    /// <exception cref="StackException">The file is missing or contains something other than YAML mappings.</exception>
    public static IReadOnlyList<Dictionary<object, object>> ReadAll(string file)
    {
        try
        {
            var parser = new MergingParser(new Parser(new StringReader(File.ReadAllText(file))));
            var deserializer = new DeserializerBuilder().Build();
            var documents = new List<Dictionary<object, object>?>();
            parser.Consume<StreamStart>();
            while (parser.Accept<DocumentStart>(out _))
            {
                documents.Add(deserializer.Deserialize<Dictionary<object, object>?>(parser));
            }

            return [.. documents.OfType<Dictionary<object, object>>()];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StackException($"{file} cannot be read: {e.Message}", e);
        }
        catch (YamlException e)
        {
            throw new StackException($"{file}:{e.Start.Line}: this is not valid YAML: {e.InnerException?.Message ?? e.Message}", e);
        }
        catch (InvalidOperationException e)
        {
            // YamlDotNet throws this exception, without a position, if a bracket is not closed.
            throw new StackException($"{file}: this is not valid YAML; look for a bracket that is not closed", e);
        }
    }

    /// <summary>Returns the value at a path, or null if there is none.</summary>
    public static object? At(this Dictionary<object, object> mapping, params string[] path)
    {
        object? at = mapping;
        foreach (var key in path)
        {
            at = (at as Dictionary<object, object>)?.GetValueOrDefault(key);
        }

        return at;
    }

    /// <summary>Returns the entries of the list at a path; none if there is no list.</summary>
    public static IEnumerable<object> List(this Dictionary<object, object> mapping, params string[] path) => mapping.At(path) as List<object> ?? [];
}
