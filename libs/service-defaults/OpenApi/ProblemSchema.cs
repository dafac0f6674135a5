using Microsoft.OpenApi;

namespace DaprOrders.ServiceDefaults;

/// <summary>The schema of problem details. It is stricter than the one of the framework's class, whose properties may all be null.</summary>
internal static class ProblemSchema
{
    public static void Describe(OpenApiSchema schema)
    {
        schema.Type = JsonSchemaType.Object;
        schema.Description = "A problem (RFC 9457).";
        schema.AdditionalPropertiesAllowed = true;
        schema.Required = new HashSet<string> { "title", "status" };
        schema.Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("The kind of problem, see problems.json. Match on it."),
            ["title"] = Text("What is wrong, in a few words. The text may change."),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "The HTTP status.", Minimum = "400", Maximum = "599" },
            ["detail"] = Text("What is wrong with this request, and what to do next. The text may change."),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Description = "The invalid parameters, headers and fields by name, each with messages.",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
        };
    }

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
