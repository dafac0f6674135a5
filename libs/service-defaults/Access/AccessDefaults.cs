using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Refuses requests to a route that states no policy, so that a forgotten policy closes a route and does not open it. Public routes state
/// <c>AllowAnonymous()</c>.
/// </summary>
internal static class AccessDefaults
{
    public static void AddAccessDefaults(this IServiceCollection services)
    {
        services.AddAuthentication();
        services.AddAuthorization(options => options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAssertion(HasNoRoute).Build());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, RefusalHandler>();
    }

    /// <summary>The policy is also applied to requests without a route, which must remain 404 or 405.</summary>
    private static bool HasNoRoute(AuthorizationHandlerContext context) => context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint;
}
