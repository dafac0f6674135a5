using DaprOrders.Hosting;

namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// The idempotency key under which a request is carried out: the client's, or one that the gateway makes. Every answer names it, errors
/// included, so that a client can repeat the request without doing it twice.
/// </summary>
internal static class RequestKey
{
    private static readonly object Item = new();

    /// <summary>Gives the request its key, before anything can fail.</summary>
    public static string Assign(HttpContext context)
    {
        var key = context.Request.Headers[IdempotencyKey.Header].FirstOrDefault() ?? Guid.CreateVersion7().ToString();
        if (IdempotencyKey.IsValid(key))
        {
            context.Items[Item] = key;
            context.Response.OnStarting(() =>
            {
                // At the last moment: an exception handler clears what was set before.
                context.Response.Headers[IdempotencyKey.Header] = key;
                return Task.CompletedTask;
            });
        }

        return key;
    }

    public static string? Of(HttpContext context) => context.Items[Item] as string;
}
