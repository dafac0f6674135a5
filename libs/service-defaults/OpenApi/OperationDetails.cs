using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace DaprOrders.ServiceDefaults;

/// <summary>Adds to an operation what its route says of parameters, body and problems.</summary>
internal static class OperationDetails
{
    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";

    public static async Task AddAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        foreach (var parameter in metadata.OfType<KnownParameter>())
        {
            Describe(operation, parameter);
        }

        foreach (var body in metadata.OfType<KnownBody>())
        {
            var schema = await context.GetOrCreateSchemaAsync(body.Type, null, cancellationToken);
            context.Document!.AddComponent(body.Type.Name, schema);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType> { [Json] = new OpenApiMediaType { Schema = new OpenApiSchemaReference(body.Type.Name, context.Document) } },
            };
        }

        operation.Responses ??= [];
        foreach (var problems in metadata.OfType<KnownProblem>().Distinct().GroupBy(problem => problem.Status))
        {
            operation.Responses[$"{problems.Key}"] = Response([.. problems], operation.Parameters?.FirstOrDefault()?.Name ?? "body", context.Document!);
        }

        var sorted = new OpenApiResponses();
        foreach (var (status, response) in operation.Responses.OrderBy(response => response.Key, StringComparer.Ordinal))
        {
            sorted.Add(status, response);
        }

        operation.Responses = sorted;
    }

    private static void Describe(OpenApiOperation operation, KnownParameter known)
    {
        operation.Parameters ??= [];
        var parameter = operation.Parameters.OfType<OpenApiParameter>().SingleOrDefault(parameter => parameter.Name == known.Name);
        if (parameter is null)
        {
            parameter = new OpenApiParameter { Name = known.Name, In = known.IsHeader ? ParameterLocation.Header : ParameterLocation.Query };
            operation.Parameters.Add(parameter);
        }

        parameter.Description = known.Description;
        parameter.Example = known.Minimum is null ? known.Example : int.Parse(known.Example, CultureInfo.InvariantCulture);
        parameter.Schema = new OpenApiSchema
        {
            Type = known.Minimum is null ? JsonSchemaType.String : JsonSchemaType.Integer,
            Enum = known.Words?.Select(word => (JsonNode)word).ToList(),
            Pattern = known.Pattern,
            Minimum = known.Minimum?.ToString(CultureInfo.InvariantCulture),
            Maximum = known.Maximum?.ToString(CultureInfo.InvariantCulture),
        };
    }

    private static OpenApiResponse Response(IReadOnlyList<KnownProblem> problems, string parameter, OpenApiDocument document) => new()
    {
        Description = string.Join(" / ", problems.Select(problem => problem.Title)),
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [ProblemJson] = new OpenApiMediaType
            {
                Schema = new OpenApiSchemaReference(ProblemSchema.Name, document),
                Examples = problems.ToDictionary(
                    problem => problem.Title, problem => (IOpenApiExample)new OpenApiExample { Value = problem.Example(parameter) }),
            },
        },
    };
}
