using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Refuses requests whose header <c>Host</c> is not in the setting <c>AllowedHosts</c>. Otherwise a web page could read responses by letting its own
/// name resolve to 127.0.0.1. Health routes are exempt, because probes send the address of the container.
/// </summary>
internal static class HostFilter
{
    private const string OnlyThisMachine = "localhost;127.0.0.1;[::1]";

    public static void UseHostFilter(this WebApplication app)
    {
        var setting = app.Configuration["AllowedHosts"] is { Length: > 0 } configured ? configured : app.Environment.IsDevelopment() ? OnlyThisMachine : "*";
        StringSegment[] allowed = [.. setting.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        if (allowed.Contains("*"))
        {
            return;
        }

        app.Use((context, next) => IsAllowed(context.Request, allowed)
            ? next(context)
            : Problem.Refused.WriteAsync(context, $"The host is not one of {setting}. The setting AllowedHosts lists the hosts for which requests are accepted.").AsTask());
    }

    /// <summary>A request without a host is allowed: in HTTP/1.0 it is optional, and browsers always send it.</summary>
    private static bool IsAllowed(HttpRequest request, StringSegment[] allowed) =>
        !request.Host.HasValue || request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal) || HostString.MatchesAny(request.Host.Host, allowed);
}
