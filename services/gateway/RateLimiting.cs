using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Threading.RateLimiting;
using DaprOrders.Gateway.Routes;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace DaprOrders.Gateway;

/// <summary>Settings of the gateway; section <c>RateLimit</c> of the configuration.</summary>
internal sealed class RateLimitOptions
{
    /// <summary>Gets how many requests of all clients together are taken in a second, 1 to 1,000,000; more are 429. Default: no limit.</summary>
    [Range(1, 1_000_000)]
    public int? PermitsPerSecond { get; init; }
}

internal static class RateLimit
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

    /// <summary>Limits the requests, if a limit is set: the middleware wakes up ten times a second, also where it has nothing to limit.</summary>
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
        await TypedResults.Problem(
            statusCode: GatewayProblems.TooMany.Status,
            title: GatewayProblems.TooMany.Title,
            detail: string.Create(CultureInfo.InvariantCulture, $"At most {permits} requests a second are taken. Nothing was done: repeat it later."))
            .ExecuteAsync(rejected.HttpContext);
    }
}
