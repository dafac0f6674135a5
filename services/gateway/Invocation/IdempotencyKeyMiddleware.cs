using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// The idempotency key under which a POST is carried out: the client's, or one that the gateway makes. Every answer names it, errors
/// included, so that a client can repeat the request without doing it twice.
/// </summary>
internal static class RequestKey
{
    private static readonly object Item = new();

    /// <summary>Gives every POST its key, before anything can fail; a key of the client's that is none is 400.</summary>
    public static void UseRequestKey(this WebApplication app) => app.Use((context, next) =>
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return next(context);
        }

        var given = context.Request.Headers[IdempotencyKey.Header];
        if (given.Count > 0 && !IdempotencyKey.IsValid(given))
        {
            return Parameters.Invalid(IdempotencyKey.Header, IdempotencyKey.Rule).ExecuteAsync(context);
        }

        Assign(context, given.Count > 0 ? given.ToString() : Guid.CreateVersion7().ToString());
        return next(context);
    });

    public static string? Of(HttpContext context) => context.Items[Item] as string;

    /// <summary>Whether the client sent the key, so that it may have asked before, and can ask again. One of the gateway's is new with each request.</summary>
    public static bool IsOfClient(HttpContext context) => context.Request.Headers.ContainsKey(IdempotencyKey.Header);

    private static void Assign(HttpContext context, string key)
    {
        context.Items[Item] = key;
        context.Response.OnStarting(() =>
        {
            // At the last moment: an exception handler clears what was set before.
            context.Response.Headers[IdempotencyKey.Header] = key;
            return Task.CompletedTask;
        });
    }
}
