using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace DaprOrders.ServiceDefaults;

/// <summary>The OpenAPI document of a service: what <c>--openapi</c> prints and contracts/http keeps. It is made from the routes, not by hand.</summary>
internal static class ContractDocument
{
    private const string Name = "v1";

    public static void AddContractDocument(this WebApplicationBuilder builder) => builder.Services.AddOpenApi(Name, options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } name
            ? name switch
            {
                "Request" => type.Type.DeclaringType!.Name + name,
                nameof(ProblemDetails) => ProblemSchema.Name,
                nameof(JsonElement) => null, // anything
                _ => name,
            }
            : null;
        options.AddSchemaTransformer(AddWhatAttributesSayAsync);
        options.AddOperationTransformer(OperationDetails.AddAsync);
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = DaprSidecar.AppId(builder.Configuration), Version = Version(builder.Environment.ApplicationName) };
            document.Servers = null; // where it listens is the run file's affair
            Tidy(document);
            BodyExamples.AddTo(document);
            return Task.CompletedTask;
        });
    });

    /// <summary>Prints the document. Nothing is started for it: it needs neither the database nor the sidecar.</summary>
    public static async Task PrintAsync(WebApplication app)
    {
        app.UseRouting().UseEndpoints(_ => { }); // else the document learns of the routes only when the service starts
        var provider = app.Services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await provider.GetOpenApiDocumentAsync();
        Console.Out.WriteLine(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1));
    }

    /// <summary>The version of the contracts, which is that of everything built here.</summary>
    private static string Version(string assembly) =>
        Assembly.Load(assembly).GetName().Version is { } version ? $"{version.Major}.{version.Minor}" : "0.0";

    /// <summary>What is sent may gain fields; only what is received has none but those named. Tags would be the names of our classes.</summary>
    private static void Tidy(OpenApiDocument document)
    {
        document.Tags?.Clear();
        document.Components ??= new OpenApiComponents();
        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        document.Components.Schemas.Remove(nameof(HttpValidationProblemDetails));
        document.Components.Schemas[ProblemSchema.Name] = ProblemSchema.Create();
        var operations = document.Paths.Values.SelectMany(path => path.Operations!.Values).ToList();
        operations.ForEach(operation => operation.Tags?.Clear());
        var received = operations.SelectMany(operation => operation.RequestBody?.Content?.Values.AsEnumerable() ?? [])
            .SelectMany(media => Names(media.Schema))
            .ToHashSet();
        foreach (var (name, schema) in document.Components.Schemas)
        {
            if (!received.Contains(name) && schema is OpenApiSchema sent)
            {
                sent.AdditionalPropertiesAllowed = true;
            }
        }
    }

    /// <summary>The name of a schema that is referred to, and those of the entries of its lists.</summary>
    private static IEnumerable<string?> Names(IOpenApiSchema? schema) => schema is OpenApiSchemaReference { Reference.Id: var name }
        ? (schema.Properties ?? new Dictionary<string, IOpenApiSchema>()).Values.SelectMany(property => Names(property.Items)).Append(name)
        : [];

    private static async Task AddWhatAttributesSayAsync(
        OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var attributes = context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(inherit: true) ?? [];
        foreach (var example in attributes.OfType<ExampleAttribute>())
        {
            schema.Examples = [JsonSerializer.SerializeToNode(example.Value) ?? JsonNullSentinel.JsonNull];
        }

        foreach (var list in attributes.OfType<ListOfAttribute>())
        {
            schema.Items = await context.GetOrCreateSchemaAsync(list.Entry, null, cancellationToken);
        }

        // A parameter of the record's constructor, but not written when it is null.
        foreach (var property in context.JsonTypeInfo.Properties.Where(property => context.JsonPropertyInfo is null && IsLeftOutWhenNull(property)))
        {
            schema.Required?.Remove(property.Name);
        }
    }

    private static bool IsLeftOutWhenNull(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true)
            is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];
}
