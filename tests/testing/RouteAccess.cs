using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Testing;

/// <summary>Checks who may call the routes of a service.</summary>
public static class RouteAccess
{
    /// <summary>The public routes of each service besides its API.</summary>
    private static readonly string[] Defaults = ["/healthz/", "/openapi/", "/scalar"];

    /// <summary>Returns the routes that are public but not part of the API, and those that state no policy.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="api">The start of the paths of the API.</param>
    public static IEnumerable<string> FindUnexpected(IServiceProvider services, params string[] api)
    {
        foreach (var route in services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>())
        {
            var path = $"/{route.RoutePattern.RawText?.TrimStart('/')}";
            if (route.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                if (!Defaults.Concat(api).Any(start => path.StartsWith(start, StringComparison.Ordinal)))
                {
                    yield return $"{path} is public";
                }
            }
            else if (route.Metadata.GetMetadata<IAuthorizeData>() is null)
            {
                yield return $"{path} has no policy";
            }
        }
    }
}
