using Microsoft.OpenApi;

namespace DaprOrders.ServiceDefaults;

/// <summary>The schema of every problem. Stricter than that of the framework's class, in which every field may be null.</summary>
internal static class ProblemSchema
{
    public const string Name = "Problem";

    public static OpenApiSchema Create() => new()
    {
        Type = JsonSchemaType.Object,
        Description = "What went wrong (RFC 9457), as application/problem+json.",
        Required = new HashSet<string> { "title", "status" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("Where the status is explained."),
            ["title"] = Text("What is wrong, the same words each time."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status.", Minimum = "400", Maximum = "599" },
            ["detail"] = Text("What is wrong in this case, for people."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "For each parameter, header or field that is not what it must be: the rule.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        },
    };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
