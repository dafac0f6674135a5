using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway.Access;

/// <summary>Requires a scope of the client's token.</summary>
internal sealed record ScopeRequirement(string Scope) : IAuthorizationRequirement;

/// <summary>
/// Looks for the scope in the claims <c>scope</c> and <c>scp</c>. Some issuers send a list in one claim, separated by spaces, others one claim per
/// scope. If authentication is off, everyone has all scopes but <see cref="Scopes.Operate"/>.
/// </summary>
internal sealed class ScopeHandler(IOptions<ApiAuthentication> authentication) : AuthorizationHandler<ScopeRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, ScopeRequirement requirement)
    {
        if (authentication.Value.Enabled is not true)
        {
            // Otherwise everyone who reaches the gateway could delete dead letters.
            Decide(requirement.Scope is not Scopes.Operate, "Set Authentication:Enabled to true, or call the service directly with the value of Operator:Token.");
        }
        else if (context.User.Identity?.IsAuthenticated is true)
        {
            Decide(HasScope(), $"The token does not have the scope {requirement.Scope}.");
        }

        return Task.CompletedTask;

        bool HasScope() => context.User.Claims.Any(claim => claim.Type is "scope" or "scp" && claim.Value.Split(' ').Contains(requirement.Scope));

        void Decide(bool isAllowed, string reason)
        {
            if (isAllowed)
            {
                context.Succeed(requirement);
            }
            else
            {
                context.Fail(new AuthorizationFailureReason(this, reason));
            }
        }
    }
}
