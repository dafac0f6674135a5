using Dapr.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DaprOrders.Messaging;

/// <summary>The requirement of <see cref="AccessPolicies.Sidecar"/>.</summary>
internal sealed class SidecarRequirement : IAuthorizationRequirement;

/// <summary>
/// Decides whether a request is from the service's own sidecar. If one is refused, the health check fails until the next one is accepted: the sidecar
/// redelivers events indefinitely if its token differs from that of the service, and nothing else would show it.
/// </summary>
internal sealed partial class SidecarAccess(IOptionsMonitor<DaprAuthenticationOptions> options, ILogger<SidecarAccess> logger)
    : AuthorizationHandler<SidecarRequirement>, IHealthCheck
{
    private volatile string? _refused;
    private int _isWarned;

    private bool NeedsToken => !string.IsNullOrWhiteSpace(options.Get(AccessExtensions.DaprScheme).Token);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        _refused is { } path
            ? HealthCheckResult.Degraded($"a request to {path} had no valid dapr-api-token; start the service and its sidecar with the same APP_API_TOKEN")
            : HealthCheckResult.Healthy());

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, SidecarRequirement requirement)
    {
        var request = ((HttpContext)context.Resource!).Request;
        if (request.Headers.ContainsKey(GatewayCaller.Header))
        {
            context.Fail(new AuthorizationFailureReason(this, "The route is not for service invocation."));
        }
        else if (!NeedsToken || context.User.Identity?.IsAuthenticated is true)
        {
            _refused = null;
            WarnIfOpen();
            context.Succeed(requirement);
        }
        else
        {
            _refused = request.Path;
            context.Fail(new AuthorizationFailureReason(this, "The header dapr-api-token is missing or has another value than APP_API_TOKEN."));
        }

        return Task.CompletedTask;
    }

    /// <summary>Logs once that the routes are open. The sidecar reads the subscriptions when the service starts, so this is near the start of the log.</summary>
    private void WarnIfOpen()
    {
        if (!NeedsToken && Interlocked.Exchange(ref _isWarned, 1) == 0)
        {
            LogOpen();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Anyone who reaches this service can send it events, because APP_API_TOKEN is not set")]
    private partial void LogOpen();
}
