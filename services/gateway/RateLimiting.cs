using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using System.Threading.RateLimiting;
using DaprOrders.Gateway.Access;
using DaprOrders.Gateway.Routes;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway;

/// <summary>The rate limit of the gateway. Configuration section <c>RateLimit</c>.</summary>
internal sealed class RateLimitOptions
{
    /// <summary>Gets the number of requests per second of one client, 1 to 1,000,000. More are 429. Default: no limit.</summary>
    [Range(1, 1_000_000)]
    public int? PermitsPerSecond { get; init; }
}

/// <summary>
/// Limits the requests of each client: the subject of its token, or its address if it has no valid token. The framework forgets clients that have
/// sent nothing for some seconds. The headers are those that clients and proxies know, of draft-ietf-httpapi-ratelimit-headers-06.
/// </summary>
/// <seealso href="https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/06/"/>
internal static class RateLimiting
{
    private const int NetworkBytes = 8;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public static void AddRateLimit(this IServiceCollection services)
    {
        services.AddOptions<RateLimitOptions>().BindConfiguration("RateLimit").ValidateDataAnnotations().ValidateOnStart();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<RateLimitOptions>>((limiter, options) =>
        {
            if (options.Value.PermitsPerSecond is not { } permits)
            {
                return;
            }

            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context =>
                IsHealthCheck(context)
                    ? RateLimitPartition.GetNoLimiter("")
                    : RateLimitPartition.GetTokenBucketLimiter(ClientOf(context), _ => Bucket(permits)));
            limiter.OnRejected = (rejected, _) => RefuseAsync(rejected.HttpContext, permits);
        });
    }

    /// <summary>Adds the middleware only if there is a limit, since it wakes up ten times a second even without requests.</summary>
    public static void UseRateLimit(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<RateLimitOptions>>().Value.PermitsPerSecond is not { } permits)
        {
            return;
        }

        app.UseRateLimiter();
        var limiter = app.Services.GetRequiredService<IOptions<RateLimiterOptions>>().Value.GlobalLimiter!;
        app.Use((context, next) =>
        {
            if (!IsHealthCheck(context))
            {
                AddHeaders(context, permits, limiter.GetStatistics(context)?.CurrentAvailablePermits ?? 0);
            }

            return next(context);
        });
    }

    /// <summary>Returns whose requests are counted together. A client with IPv6 has a whole network of addresses, so it counts as one.</summary>
    internal static string ClientOf(HttpContext context) =>
        context.User.FindFirstValue(BearerExtensions.Subject) is { } subject ? $"subject {subject}"
        : context.Connection.RemoteIpAddress is not { } address ? "unknown"
        : address.IsIPv4MappedToIPv6 ? $"address {address.MapToIPv4()}"
        : address.AddressFamily is AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address) ? $"network {Convert.ToHexString(address.GetAddressBytes()[..NetworkBytes])}"
        : $"address {address}";

    private static bool IsHealthCheck(HttpContext context) => context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal);

    private static TokenBucketRateLimiterOptions Bucket(int permits) => new()
    {
        TokenLimit = permits,
        TokensPerPeriod = permits,
        ReplenishmentPeriod = Period,
    };

    private static void AddHeaders(HttpContext context, int permits, long remaining) => context.Response.OnStarting(() =>
    {
        // As late as possible: an exception handler removes headers that were set before.
        var headers = context.Response.Headers;
        headers["RateLimit-Limit"] = permits.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Remaining"] = remaining.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Reset"] = Period.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    });

    private static async ValueTask RefuseAsync(HttpContext context, int permits)
    {
        AddHeaders(context, permits, remaining: 0);
        context.Response.Headers.RetryAfter = "1";
        await GatewayProblems.RateLimited.WriteAsync(
            context,
            string.Create(CultureInfo.InvariantCulture, $"The gateway accepts {permits} requests per second of one client. The request was not processed. Retry later."));
    }
}
