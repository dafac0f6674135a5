using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.ServiceDefaults;

/// <summary>Writes the problem of a request that a policy refuses. The detail is the first reason that the policy gives.</summary>
internal sealed class RefusalHandler(IAuthorizationService authorization) : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
            return;
        }

        // The framework passes on the reasons only if the caller is authenticated.
        var failure = authorizeResult.AuthorizationFailure ?? (await authorization.AuthorizeAsync(context.User, context, policy)).Failure;
        var reason = failure?.FailureReasons.FirstOrDefault()?.Message;
        if (policy.AuthenticationSchemes.Count == 0 || authorizeResult.Forbidden)
        {
            await Problem.Forbidden.WriteAsync(context, reason);
            return;
        }

        foreach (var scheme in policy.AuthenticationSchemes)
        {
            await context.ChallengeAsync(scheme); // sets the header WWW-Authenticate
        }

        await Problem.Unauthorized.WriteAsync(context, reason);
    }
}
