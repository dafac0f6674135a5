using System.Globalization;
using System.Text.Json.Nodes;
using DaprOrders.Cli.Contracts;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Stack;
using Microsoft.OpenApi;

namespace DaprOrders.Contracts.Tests.OpenApi;

/// <summary>The OpenAPI documents are generated from the code. These tests check that they are current, complete and correct.</summary>
public sealed class OpenApiTests
{
    public static TheoryData<string> Services => [.. Repository.Projects.Keys];

    public static TheoryData<string> BackendServices => [.. ExchangeFile.Services];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Committed_document_is_the_same_as_the_generated_one(string service)
    {
        var generated = await File.ReadAllTextAsync(await OpenApiDocuments.GenerateAsync(service, Cancel), Cancel);

        var committed = await File.ReadAllTextAsync(Path.Combine(ContractFiles.Folder, "http", $"{service}.openapi.json"), Cancel);
        Assert.True(committed == generated, $"contracts/http/{service}.openapi.json is outdated. Run ./run.sh contracts write and review the difference.");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Document_is_valid_OpenAPI_3_1(string service)
    {
        var (document, diagnostic) = OpenApiDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(ContractFiles.Folder, "http", $"{service}.openapi.json"), Cancel), "json");

        Assert.NotNull(document);
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, diagnostic!.SpecificationVersion);
        Assert.Empty(diagnostic.Errors);
        Assert.Empty(diagnostic.Warnings);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_operation_parameter_and_field_is_described_with_valid_examples(string service)
    {
        Assert.Empty(OpenApiFile.Of(service).Operations.SelectMany(Missing));
    }

    [Theory]
    [MemberData(nameof(BackendServices))]
    public void Gateway_describes_routes_as_their_service_does(string service)
    {
        var gateway = OpenApiFile.Of("gateway").Operations;

        foreach (var operation in OpenApiFile.Of(service).Operations)
        {
            var route = Assert.Single(gateway, other => other.Method == operation.Method && other.Path == operation.Path);
            Assert.Equal(operation.Parameters.ToJsonString(), route.Parameters.ToJsonString());
            Assert.Equal(operation.RequestSchema?.ToJsonString(), route.RequestSchema?.ToJsonString());
            foreach (var (status, response) in operation.Responses.Where(response => int.Parse(response.Key, CultureInfo.InvariantCulture) < 500))
            {
                Assert.Equal(response!.ToJsonString(), route.Responses[status]!.ToJsonString());
            }
        }
    }

    [Theory]
    [MemberData(nameof(BackendServices))]
    public void Every_exchange_conforms_to_the_document(string service)
    {
        var document = OpenApiFile.Of(service);

        foreach (var exchange in ExchangeFile.Of(service).Exchanges.Values)
        {
            var violations = document.Violations(exchange.Request, exchange.Response);
            Assert.True(violations.Count == 0, $"{exchange.Name}: {string.Join("; ", violations)}");
        }
    }

    [Theory]
    [MemberData(nameof(BackendServices))]
    public void Every_response_of_every_operation_has_an_exchange(string service)
    {
        var exchanges = ExchangeFile.Of(service).Exchanges.Values;

        // There are no exchanges for bodies that are too large (413) and for failures of the service (500, 503).
        var missing =
            from operation in OpenApiFile.Of(service).Operations
            from status in operation.Responses.Select(response => response.Key)
            where status is not ("413" or "500" or "503")
            where !exchanges.Any(exchange => operation.Method == exchange.Request.Method && operation.Matches(exchange.Request.Path!)
                && exchange.Response.Status.ToString(CultureInfo.InvariantCulture) == status)
            select $"{operation} {status}";

        // The gateway refuses malformed ids, so they reach no service.
        Assert.Equal(service switch { "order" => ["GET /orders/{id} 400"], "inventory" => ["GET /inventory/{itemId} 400"], _ => [] }, missing);
    }

    private static IEnumerable<string> Missing(Operation operation)
    {
        if (operation.Content["summary"] is null || operation.Content["operationId"] is null)
        {
            yield return $"{operation}: summary or operationId";
        }

        foreach (var parameter in operation.Parameters)
        {
            if (parameter!["description"] is null)
            {
                yield return $"{operation}: description of {parameter["name"]}";
            }

            if (parameter["example"] is { } example && EventSchemas.Validate(parameter["schema"]!.AsObject(), example).Count > 0)
            {
                yield return $"{operation}: valid example of {parameter["name"]}";
            }
        }

        var bodies = operation.Responses.Select(response => response.Value!["content"]).Append(operation.Content["requestBody"]?["content"]);
        foreach (var (name, field) in bodies.SelectMany(body => body?.AsObject() ?? []).SelectMany(media => Fields(media.Value!["schema"]!)))
        {
            if (field["description"] is null && field["enum"] is null && field["oneOf"] is null)
            {
                yield return $"{operation}: description of {name}";
            }

            foreach (var example in field["examples"]?.AsArray() ?? [])
            {
                if (EventSchemas.Validate(field.AsObject(), example).Count > 0)
                {
                    yield return $"{operation}: valid example of {name}";
                }
            }
        }
    }

    private static IEnumerable<(string Name, JsonNode Schema)> Fields(JsonNode schema) =>
        (schema["properties"]?.AsObject() ?? []).SelectMany(field => Fields(field.Value!).Prepend((field.Key, field.Value!)))
            .Concat(schema["items"] is { } items ? Fields(items) : []);
}
