using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.Testing;

/// <summary>Checks who may call the routes of a service.</summary>
public static class RouteAccess
{
    private const string Health = "/healthz/";

    /// <summary>The public routes of each service. Those of the API document exist only in Development.</summary>
    private static readonly string[] Public = [Health, "/openapi/", "/scalar"];

    /// <summary>Values of route parameters that have a constraint.</summary>
    private static readonly Dictionary<string, string> Parameters = new() { ["service"] = "order" };

    /// <summary>Returns the routes that are public, and those that state no policy.</summary>
    /// <param name="services">The services of the host.</param>
    public static IEnumerable<string> FindUnexpected(IServiceProvider services)
    {
        foreach (var route in Routes(services))
        {
            var path = PathOf(route.RoutePattern);
            if (route.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            {
                if (!Public.Any(start => path.StartsWith(start, StringComparison.Ordinal)))
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

    /// <summary>Sends a request without a token to each route but health. Returns those that are not refused with 401 or 403.</summary>
    /// <param name="services">The services of the host, in another environment than Development.</param>
    /// <param name="client">A client that sends no token.</param>
    public static async Task<IReadOnlyList<string>> FindOpenAsync(IServiceProvider services, HttpClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        List<string> open = [];
        foreach (var (method, path) in Requests(services))
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            using var response = await client.SendAsync(request, cancellationToken);
            if (response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
            {
                open.Add($"{method} {path} {(int)response.StatusCode}");
            }
        }

        return open;
    }

    /// <summary>Returns a request for each route but health.</summary>
    public static IReadOnlyList<(string Method, string Path)> Requests(IServiceProvider services) =>
    [
        .. from route in Routes(services)
           let path = PathOf(route.RoutePattern)
           where !path.StartsWith(Health, StringComparison.Ordinal)
           from method in route.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
           select (method, path),
    ];

    private static IEnumerable<RouteEndpoint> Routes(IServiceProvider services) =>
        services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    private static string PathOf(RoutePattern pattern) => "/" + string.Join('/', pattern.PathSegments.Select(
        segment => string.Concat(segment.Parts.Select(part => part switch
        {
            RoutePatternParameterPart parameter => Parameters.GetValueOrDefault(parameter.Name, "1"),
            RoutePatternLiteralPart literal => literal.Content,
            RoutePatternPart other => ((RoutePatternSeparatorPart)other).Content,
        }))));
}
