using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.RateLimiting;

namespace DaprOrders.OrderService.Orders;

/// <summary>
/// Limits how many requests place orders at the same time. More transactions would not make PostgreSQL faster, and a request beyond the queue
/// would outlive the gateway's timeout: it gets 503, and the gateway retries it with the same key.
/// </summary>
internal static class PlacementLimit
{
    public const string Policy = "placement";

    private const int Transactions = 10;
    private const int Waiting = 512;

    public static void AddPlacementLimit(this IServiceCollection services) => services.AddRateLimiter(limiter =>
    {
        limiter.AddConcurrencyLimiter(Policy, options => (options.PermitLimit, options.QueueLimit) = (Transactions, Waiting));
        limiter.OnRejected = async (context, _) =>
        {
            context.HttpContext.Response.Headers.RetryAfter = "1";
            await Problem.Unavailable.WriteAsync(context.HttpContext);
        };
    });
}
