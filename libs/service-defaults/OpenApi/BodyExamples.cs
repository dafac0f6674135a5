using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace DaprOrders.ServiceDefaults;

/// <summary>Gives every JSON body an example, put together from those of the fields that are always there.</summary>
internal static class BodyExamples
{
    public static void AddTo(OpenApiDocument document)
    {
        var operations = document.Paths.Values.SelectMany(path => path.Operations?.Values ?? Enumerable.Empty<OpenApiOperation>());
        foreach (var operation in operations)
        {
            var bodies = (operation.Responses ?? []).Values.Select(response => response.Content).Append(operation.RequestBody?.Content);
            foreach (var media in bodies.SelectMany(content => content?.Values.AsEnumerable() ?? []))
            {
                if (media is { Schema: { } schema, Examples: null or { Count: 0 } })
                {
                    media.Example = Of(schema);
                }
            }
        }
    }

    private static JsonNode? Of(IOpenApiSchema schema)
    {
        if (schema.Examples is [var example, ..])
        {
            return example.DeepClone();
        }

        if (schema.Enum is [var word, ..])
        {
            return word.DeepClone();
        }

        if (schema.Items is { } items)
        {
            return new JsonArray(Of(items));
        }

        return schema.Properties is { Count: > 0 } properties
            ? new JsonObject(properties
                .Where(property => schema.Required?.Contains(property.Key) == true)
                .Select(property => KeyValuePair.Create(property.Key, Of(property.Value))))
            : null;
    }
}
