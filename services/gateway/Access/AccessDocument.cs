using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace DaprOrders.Gateway.Access;

/// <summary>Adds the token to the OpenAPI document: the scope that a route requires, and the responses without it.</summary>
internal static class AccessDocument
{
    private const string Scheme = "bearer";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.AddComponent<IOpenApiSecurityScheme>(Scheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Scheme,
                BearerFormat = "JWT",
                Description = "Required if Authentication:Enabled is true.",
            });
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var policy in context.Description.ActionDescriptor.EndpointMetadata.OfType<IAuthorizeData>())
            {
                operation.Security =
                [
                    new() { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [policy.Policy!] },
                    [], // authentication can be off
                ];
            }

            return Task.CompletedTask;
        });
    }
}
