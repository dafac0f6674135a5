using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.RateLimiting;
using DaprOrders.Gateway.Routes;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway;

/// <summary>The rate limit of the gateway. Configuration section <c>RateLimit</c>.</summary>
internal sealed class RateLimitOptions
{
    /// <summary>Gets the number of requests per second of all clients together, 1 to 1,000,000. More are 429. Default: no limit.</summary>
    [Range(1, 1_000_000)]
    public int? PermitsPerSecond { get; init; }
}

internal static class RateLimiting
{
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

            limiter.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, bool>(context =>
                context.Request.Path.StartsWithSegments("/healthz", StringComparison.Ordinal)
                    ? RateLimitPartition.GetNoLimiter(false)
                    : RateLimitPartition.GetTokenBucketLimiter(true, _ => Bucket(permits)));
            limiter.OnRejected = (rejected, _) => RefuseAsync(rejected, permits);
        });
    }

    /// <summary>Adds the middleware only if there is a limit, since it wakes up ten times a second even without requests.</summary>
    public static void UseRateLimit(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<RateLimitOptions>>().Value.PermitsPerSecond is not null)
        {
            app.UseRateLimiter();
        }
    }

    private static TokenBucketRateLimiterOptions Bucket(int permits) => new()
    {
        TokenLimit = permits,
        TokensPerPeriod = permits,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
    };

    private static async ValueTask RefuseAsync(OnRejectedContext rejected, int permits)
    {
        rejected.HttpContext.Response.Headers.RetryAfter = "1";
        await GatewayProblems.RateLimited.WriteAsync(
            rejected.HttpContext,
            string.Create(CultureInfo.InvariantCulture, $"The gateway accepts {permits} requests per second. The request was not processed. Retry later."));
    }
}
