using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Configures the OpenAPI document that <c>AddOpenApi()</c> registers. Each service calls that method itself: the source generator that reads
/// its XML comments works in the project of the call.
/// </summary>
internal static class OpenApiDefaults
{
    public const string DocumentName = "v1";

    public static void AddOpenApiDefaults(this WebApplicationBuilder builder) => builder.Services.PostConfigure<OpenApiOptions>(DocumentName, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) switch
        {
            _ when type.Type.IsAssignableTo(typeof(RequestParameter)) => null, // a string or a number, described in place
            "Request" => $"{type.Type.DeclaringType!.Name}Request",
            nameof(ProblemDetails) or nameof(HttpValidationProblemDetails) => nameof(Problem),
            nameof(JsonElement) => null, // any JSON
            var name => name,
        };
        options.AddSchemaTransformer(TransformAsync);
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = DaprSidecar.AppId(builder.Configuration), Version = ContractVersion(builder.Environment.ApplicationName) };
            document.Servers = OpenApiDocumentTool.IsRunning ? null : document.Servers; // the address is not part of the contract
            return Task.CompletedTask;
        });
    });

    /// <summary>Returns the version of the contracts, which is that of the assemblies.</summary>
    private static string ContractVersion(string assembly) =>
        Assembly.Load(assembly).GetName().Version is { } version ? $"{version.Major}.{version.Minor}" : "0.0";

    /// <summary>
    /// Describes what the framework cannot infer: parameters with their own <c>TryParse</c>, integers with their own converter, problems, and lists
    /// that are read as JSON.
    /// </summary>
    private static async Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.ParameterDescription?.ParameterDescriptor?.ParameterType is { } parameter && parameter.IsAssignableTo(typeof(RequestParameter)))
        {
            Describe(schema, parameter.GetCustomAttribute<ParameterSchemaAttribute>() ?? new ParameterSchemaAttribute());
        }

        if (context.JsonTypeInfo.Type == typeof(int) || context.JsonTypeInfo.Type == typeof(int?))
        {
            schema.Type = JsonSchemaType.Integer; // the framework does not know the type of IntegerConverter
        }

        if (context.JsonTypeInfo.Type == typeof(ProblemDetails) || context.JsonTypeInfo.Type == typeof(HttpValidationProblemDetails))
        {
            ProblemSchema.Describe(schema);
        }

        foreach (var attribute in context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(inherit: true) ?? [])
        {
            switch (attribute)
            {
                case RequiredAttribute:
                    schema.Type &= ~JsonSchemaType.Null; // null is refused like a missing value
                    break;
                case ListOfAttribute list:
                    schema.Type = JsonSchemaType.Array; // the framework does not know the type of JsonItemsConverter
                    schema.Items = await context.GetOrCreateSchemaAsync(list.ItemType, null, cancellationToken);
                    break;
            }
        }
    }

    private static void Describe(OpenApiSchema schema, ParameterSchemaAttribute parameter)
    {
        (schema.Properties, schema.Required, schema.Description) = (null, null, null);
        schema.Type = parameter.Maximum > 0 ? JsonSchemaType.Integer : JsonSchemaType.String;
        (schema.Minimum, schema.Maximum) = parameter.Maximum > 0 ? ($"{parameter.Minimum}", $"{parameter.Maximum}") : (null, null);
        schema.Pattern = parameter.Pattern;
        schema.Enum = parameter.Values is null
            ? null
            : [.. Enum.GetNames(parameter.Values).Select(name => (JsonNode)JsonNamingPolicy.SnakeCaseLower.ConvertName(name))];
    }
}
