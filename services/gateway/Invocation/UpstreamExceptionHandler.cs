using System.Net;
using DaprOrders.Gateway.Routes;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Diagnostics;

namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// Responds to a request whose service could not be called, without the runtime's error. <c>Retry-After</c> is sent only where a retry cannot
/// place a second order: the request did not run, is a GET, or has a key that the client knows.
/// </summary>
internal sealed partial class UpstreamExceptionHandler(ILogger<UpstreamExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not UpstreamException { Failure: var failure })
        {
            return false;
        }

        var request = httpContext.Request;
        LogFailed(request.Method, request.Path, failure.Reason);
        if (failure.Status is HttpStatusCode.RequestHeaderFieldsTooLarge)
        {
            return await GatewayProblems.HeadersTooLarge.WriteAsync(httpContext);
        }

        if (failure.DidNotRun || HttpMethods.IsGet(request.Method) || IdempotencyKeyMiddleware.IsClientSupplied(httpContext))
        {
            httpContext.Response.Headers.RetryAfter = "1";
        }

        var problem = failure.DidNotRun ? GatewayProblems.Unreachable : GatewayProblems.Failed with { Status = (int)failure.Status };
        return await problem.WriteAsync(httpContext, Advice(httpContext, failure));
    }

    private static string Advice(HttpContext context, UpstreamFailure failure)
    {
        var outcome = failure.DidNotRun ? "The request was not processed." : "The request may have been processed.";
        return IdempotencyKeyMiddleware.KeyOf(context) is { } key
            ? $"{outcome} Retry with the header {IdempotencyKey.Header}: {key}. It is then processed once, however often it is sent."
            : $"{outcome} Retry later.";
    }

    [LoggerMessage(LogLevel.Warning, "Could not forward {Method} {Path}: {Reason}")]
    private partial void LogFailed(string method, string path, string reason);
}
