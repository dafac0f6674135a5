using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.OpenApi;

/// <summary>Reads the operations of an OpenAPI document. Every reference is replaced with its target.</summary>
internal sealed class OpenApiFile
{
    private static readonly ConcurrentDictionary<string, OpenApiFile> Files = new();

    private OpenApiFile(JsonObject document) => Operations =
    [
        .. from path in document["paths"]!.AsObject()
           from operation in path.Value!.AsObject()
           select new Operation(operation.Key.ToUpperInvariant(), path.Key, Inline(operation.Value!, document)!.AsObject()),
    ];

    public IReadOnlyList<Operation> Operations { get; }

    public static OpenApiFile Of(string service) => Files.GetOrAdd(service, name => new OpenApiFile(ContractFiles.Read("http", $"{name}.openapi.json")));

    public static OpenApiFile Read(JsonObject document) => new(document);

    /// <summary>Returns the operation of a request, or null if there is none.</summary>
    public Operation? Find(HttpMessage request) => Operations.SingleOrDefault(operation => operation.Method == request.Method && operation.Matches(request.Path!));

    /// <summary>Returns how a response to a request violates the document.</summary>
    public IReadOnlyList<string> Violations(HttpMessage request, HttpMessage message)
    {
        if (Find(request) is not { } operation)
        {
            return [$"{request.Method} {request.Path} is not an operation"];
        }

        if (operation.Responses[Status(message.Status)] is not JsonObject response)
        {
            return [$"{operation} has no response {message.Status}"];
        }

        var type = message.Headers.GetValueOrDefault("Content-Type", "").Split(';')[0];
        return response["content"]?[type]?["schema"] is JsonObject schema
            ? EventSchemas.Validate(schema, message.Body)
            : [$"{operation} has no response {message.Status} of type '{type}'"];
    }

    private static string Status(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static JsonNode? Inline(JsonNode? node, JsonObject document) => node switch
    {
        JsonObject reference when (string?)reference["$ref"] is { } target => Inline(target[2..].Split('/').Aggregate((JsonNode)document, (node, name) => node[name]!), document),
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Inline(field.Value, document)))),
        JsonArray items => new JsonArray([.. items.Select(item => Inline(item, document))]),
        _ => node?.DeepClone(),
    };
}

internal sealed record Operation(string Method, string Path, JsonObject Content)
{
    public JsonObject Responses => Content["responses"]!.AsObject();

    public JsonArray Parameters => Content["parameters"]?.AsArray() ?? [];

    public JsonNode? RequestSchema => Content["requestBody"]?["content"]?["application/json"]?["schema"];

    public bool Matches(string pathAndQuery) =>
        Regex.IsMatch(pathAndQuery.Split('?')[0], $"^{Regex.Replace(Path, @"\{\w+\}", "[^/]+")}$");

    public override string ToString() => $"{Method} {Path}";
}
