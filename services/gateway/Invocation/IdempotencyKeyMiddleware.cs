using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;

namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// Ensures that every POST has an idempotency key: the client's, or a new one. Every response contains it, errors included, so that a client can
/// retry without placing a second order.
/// </summary>
internal static class IdempotencyKeyMiddleware
{
    private static readonly object Item = new();

    /// <summary>Assigns the key before anything else can fail. A malformed key of the client is 400.</summary>
    public static void UseIdempotencyKey(this WebApplication app) => app.Use((context, next) =>
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            return next(context);
        }

        var sent = context.Request.Headers[IdempotencyKey.Header];
        if (sent.Count > 0 && !IdempotencyKey.IsValid(sent))
        {
            return Malformed().ExecuteAsync(context);
        }

        Assign(context, sent.Count > 0 ? sent.ToString() : Guid.CreateVersion7().ToString());
        return next(context);
    });

    /// <summary>Returns the key of the request; null if it is not a POST, or malformed.</summary>
    public static string? KeyOf(HttpContext context) => context.Items[Item] as string;

    /// <summary>Returns whether the client sent the key. Then it may have sent the request before, and can send it again.</summary>
    public static bool IsClientSupplied(HttpContext context) => context.Request.Headers.ContainsKey(IdempotencyKey.Header);

    private static ValidationProblem Malformed() => TypedResults.ValidationProblem(
        new Dictionary<string, string[]> { [IdempotencyKey.Header] = [$"{IdempotencyKey.Header} must be {IdempotencyKey.AllowedValues}."] });

    private static void Assign(HttpContext context, string key)
    {
        context.Items[Item] = key;
        context.Response.OnStarting(() =>
        {
            // As late as possible: an exception handler removes headers that were set before.
            context.Response.Headers[IdempotencyKey.Header] = key;
            return Task.CompletedTask;
        });
    }
}
