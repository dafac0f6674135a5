using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Exchanges;
using YamlDotNet.RepresentationModel;

namespace DaprOrders.Contracts.Tests.AsyncApi;

/// <summary>Reads contracts/asyncapi.yaml: the topics, and the services that send and receive them.</summary>
internal sealed class AsyncApiFile
{
    private readonly JsonObject _document;

    private AsyncApiFile(JsonObject document) => _document = document;

    public string Version => (string)_document["info"]!["version"]!;

    public JsonObject Document => _document;

    /// <summary>Gets the operations as sorted strings like <c>order send order.created</c>.</summary>
    public IReadOnlyList<string> Operations =>
    [
        .. _document["operations"]!.AsObject()
            .Select(operation => $"{operation.Value!["x-app-id"]} {operation.Value["action"]} {Resolve((string)operation.Value["channel"]!["$ref"]!)["address"]}")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Gets the schema file of each topic.</summary>
    public IReadOnlyDictionary<string, string> Schemas => _document["channels"]!.AsObject().ToDictionary(
        channel => (string)channel.Value!["address"]!,
        channel => (string)Resolve((string)Assert.Single(channel.Value!["messages"]!.AsObject()).Value!["$ref"]!)["payload"]!["schema"]!["$ref"]!);

    public static AsyncApiFile Read() => Parse(File.ReadAllText(Path.Combine(ContractFiles.Folder, "asyncapi.yaml")));

    public static AsyncApiFile Parse(string text)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        return new AsyncApiFile(ToJson(yaml.Documents[0].RootNode)!.AsObject());
    }

    /// <summary>Returns the node that a reference points to. Throws if there is none.</summary>
    public JsonNode Resolve(string reference) => reference.TrimStart('#', '/').Split('/')
        .Aggregate((JsonNode)_document, (node, name) => node[name] ?? throw new InvalidDataException($"{reference} does not exist."));

    /// <summary>Returns all references in the document.</summary>
    public IEnumerable<string> References() => References(_document);

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => field.Key == "$ref" ? [(string)field.Value!] : References(field.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    /// <summary>Converts YAML to JSON. All values become strings.</summary>
    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, ToJson(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Select(ToJson)]),
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidDataException($"{node.NodeType} at {node.Start}"),
    };
}
