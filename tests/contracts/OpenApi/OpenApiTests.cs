using System.Globalization;
using System.Text.Json.Nodes;
using DaprOrders.Contracts.Tests.Events;
using DaprOrders.Contracts.Tests.Exchanges;
using DaprOrders.Stack;
using Microsoft.OpenApi;

namespace DaprOrders.Contracts.Tests.OpenApi;

/// <summary>The OpenAPI documents: written by `./run.sh contracts write`, so what they say is what the code says. These tests ask whether it is enough.</summary>
public sealed class OpenApiTests
{
    private static readonly Dictionary<string, string> Projects = new()
    {
        ["gateway"] = "DaprOrders.Gateway",
        ["order"] = "DaprOrders.OrderService",
        ["inventory"] = "DaprOrders.InventoryService",
        ["notification"] = "DaprOrders.NotificationService",
    };

    public static TheoryData<string> Services => [.. Projects.Keys];

    public static TheoryData<string> Owners => [.. ExchangeFile.Services];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_committed_document_is_the_one_that_the_service_prints(string service)
    {
        var (_, printed) = await Programs.RunAsync(
            Path.GetTempPath(), "", "env", $"APP_ID={service}", "dotnet", Repository.Built(Projects[service], $"{Projects[service]}.dll"), "--openapi");

        var committed = await File.ReadAllTextAsync(Path.Combine(ContractFiles.Folder, "http", $"{service}.openapi.json"), Cancel);
        Assert.True(committed == printed, $"contracts/http/{service}.openapi.json is not what the code says. Run ./run.sh contracts write and look at the difference.");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_document_is_valid_OpenAPI_3_1(string service)
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
    public void Every_operation_parameter_field_and_answer_is_described_and_has_an_example_that_is_valid(string service)
    {
        var lacking = OpenApiFile.Of(service).Operations.SelectMany(Lacking);

        Assert.Empty(lacking);
    }

    [Theory]
    [MemberData(nameof(Owners))]
    public void What_the_gateway_says_of_a_services_routes_is_what_the_service_says(string service)
    {
        var gateway = OpenApiFile.Of("gateway").Operations;

        foreach (var operation in OpenApiFile.Of(service).Operations)
        {
            var same = Assert.Single(gateway, other => other.Method == operation.Method && other.Path == operation.Path);
            Assert.Equal(operation.Parameters.ToJsonString(), same.Parameters.ToJsonString());
            Assert.Equal(operation.RequestSchema?.ToJsonString(), same.RequestSchema?.ToJsonString());
            foreach (var (status, response) in operation.Responses.Where(response => int.Parse(response.Key, CultureInfo.InvariantCulture) < 500))
            {
                var titles = ProblemTitles(same.Responses[status]!);
                Assert.Equal(Without(response!, "examples"), Without(same.Responses[status]!, "examples"));
                Assert.All(ProblemTitles(response!), title => Assert.Contains(title, titles));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Owners))]
    public void Every_exchange_is_of_an_operation_and_is_answered_as_the_document_says(string service)
    {
        var document = OpenApiFile.Of(service);

        foreach (var exchange in ExchangeFile.Of(service).Exchanges.Values)
        {
            var violations = document.Violations(exchange.Request, exchange.Response);
            Assert.True(violations.Count == 0, $"{exchange.Name}: {string.Join("; ", violations)}");
            if (exchange.Response.Status >= 400)
            {
                Assert.Contains((string)exchange.Response.Body!["title"]!, document.ProblemTitles(exchange.Request, exchange.Response.Status));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Owners))]
    public void Every_operation_and_every_refusal_of_it_has_an_exchange(string service)
    {
        var exchanges = ExchangeFile.Of(service).Exchanges.Values;

        // Too large a body, and what happens when a service fails, are said by the document alone.
        var without =
            from operation in OpenApiFile.Of(service).Operations
            from status in operation.Responses.Select(response => response.Key)
            where status is not ("413" or "500" or "503")
            where !exchanges.Any(exchange => operation.Method == exchange.Request.Method && operation.Matches(exchange.Request.Path!)
                && exchange.Response.Status.ToString(CultureInfo.InvariantCulture) == status)
            select $"{operation} {status}";

        // The gateway itself refuses ids that are none.
        Assert.Equal(service switch { "order" => ["GET /orders/{id} 400"], "inventory" => ["GET /inventory/{itemId} 400"], _ => [] }, without);
    }

    private static IEnumerable<string> Lacking(Operation operation)
    {
        if (operation.Content["summary"] is null || operation.Content["operationId"] is null)
        {
            yield return $"{operation}: summary or operationId";
        }

        foreach (var parameter in operation.Parameters)
        {
            if (parameter!["description"] is null || parameter["example"] is not { } value || EventSchemas.Validate(parameter["schema"]!.AsObject(), value).Count > 0)
            {
                yield return $"{operation}: description or valid example of {parameter["name"]}";
            }
        }

        var bodies = operation.Responses.Select(response => (Where: response.Key, Media: response.Value!["content"]))
            .Append(("request", operation.Content["requestBody"]?["content"]))
            .SelectMany(body => (body.Item2?.AsObject() ?? []).Select(media => (body.Item1, media.Value!)));
        foreach (var (where, media) in bodies)
        {
            var examples = media["examples"]?.AsObject().Select(example => example.Value!["value"]) ?? [media["example"]];
            foreach (var example in examples)
            {
                var violations = EventSchemas.Validate(media["schema"]!.AsObject(), example);
                if (example is null || violations.Count > 0 || (example["status"] is JsonValue status && status.ToJsonString() is [_, _, _] code && code != where))
                {
                    yield return $"{operation}: a valid example of {where}: {string.Join("; ", violations)}";
                }
            }

            foreach (var (name, field) in media["schema"]!["properties"]?.AsObject() ?? [])
            {
                if (field!["description"] is null && field["enum"] is null)
                {
                    yield return $"{operation}: description of {name} of {where}";
                }
            }
        }
    }

    private static string Without(JsonNode node, string field)
    {
        var copy = node.DeepClone();
        foreach (var (_, media) in copy["content"]!.AsObject())
        {
            media!.AsObject().Remove(field);
        }

        copy.AsObject().Remove("description"); // names the problems, of which the gateway has more
        return copy.ToJsonString();
    }

    private static List<string> ProblemTitles(JsonNode response) =>
        [.. response["content"]?["application/problem+json"]?["examples"]?.AsObject().Select(example => example.Key) ?? []];
}
