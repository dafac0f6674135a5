using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace DaprOrders.Messaging;

/// <summary>The requirement of <see cref="AccessPolicies.Gateway"/>.</summary>
internal sealed class GatewayRequirement : IAuthorizationRequirement;

/// <summary>Decides who may call the API of a service, and who may say whose order it is.</summary>
internal sealed class GatewayAccess(GatewayCaller gateway) : AuthorizationHandler<GatewayRequirement>
{
    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, GatewayRequirement requirement)
    {
        var request = ((HttpContext)context.Resource!).Request;
        var hasOwner = request.Headers.TryGetValue(Owner.Header, out var owner);
        if (hasOwner && !Owner.IsValid(owner))
        {
            Fail($"The header {Owner.Header} must be sent once, with 1 to 255 visible ASCII characters.");
        }
        else if (gateway.HasSent(request) || (!gateway.ChecksClients && !hasOwner))
        {
            context.Succeed(requirement);
        }
        else
        {
            Fail(hasOwner
                ? $"Only the gateway may send the header {Owner.Header}, by service invocation and with APP_API_TOKEN set."
                : "The route is only for service invocation by the gateway, with APP_API_TOKEN set, because Authentication:Enabled is not false.");
        }

        return Task.CompletedTask;

        void Fail(string reason) => context.Fail(new AuthorizationFailureReason(this, reason));
    }
}
