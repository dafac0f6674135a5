using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Exchanges;

namespace DaprOrders.Contracts.Tests.OpenApi;

/// <summary>What contracts/http says of a service: its operations, with every reference replaced by what it refers to.</summary>
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

    /// <summary>The operation that a request asks for, or null.</summary>
    public Operation? For(HttpMessage request) => Operations.SingleOrDefault(operation => operation.Method == request.Method && operation.Matches(request.Path!));

    /// <summary>What the document forbids of an answer to a request.</summary>
    public IReadOnlyList<string> Violations(HttpMessage request, HttpMessage answer)
    {
        if (For(request) is not { } operation)
        {
            return [$"{request.Method} {request.Path} is no operation"];
        }

        if (operation.Responses[Status(answer.Status)] is not JsonObject response)
        {
            return [$"{operation} does not answer {answer.Status}"];
        }

        var type = answer.Headers.GetValueOrDefault("Content-Type", "").Split(';')[0];
        return response["content"]?[type]?["schema"] is JsonObject schema
            ? EventSchemas.Validate(schema, answer.Body)
            : [$"{operation} does not answer {answer.Status} as '{type}'"];
    }

    private static string Status(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static JsonNode? Inline(JsonNode? node, JsonObject document) => node switch
    {
        JsonObject reference when (string?)reference["$ref"] is { } target => Inline(target[2..].Split('/').Aggregate((JsonNode)document, (at, name) => at[name]!), document),
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, Inline(field.Value, document)))),
        JsonArray items => new JsonArray([.. items.Select(item => Inline(item, document))]),
        _ => node?.DeepClone(),
    };
}

/// <summary>One operation of a document.</summary>
internal sealed record Operation(string Method, string Path, JsonObject Content)
{
    public JsonObject Responses => Content["responses"]!.AsObject();

    public JsonArray Parameters => Content["parameters"]?.AsArray() ?? [];

    public JsonNode? RequestSchema => Content["requestBody"]?["content"]?["application/json"]?["schema"];

    public bool Matches(string pathAndQuery) =>
        Regex.IsMatch(pathAndQuery.Split('?')[0], $"^{Regex.Replace(Path, @"\{\w+\}", "[^/]+")}$");

    public override string ToString() => $"{Method} {Path}";
}
