using System.Net;
using DaprOrders.Gateway.Routes;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Diagnostics;

namespace DaprOrders.Gateway.Invocation;

/// <summary>
/// Answers a request whose app could not be called, without a word of the runtime's. Repeating is suggested only where it cannot do the same
/// thing twice: the app did not run, or the request is a GET, or the client itself knows the idempotency key.
/// </summary>
internal sealed partial class InvocationProblems(IProblemDetailsService problems, ILogger<InvocationProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not InvocationException { Failure: var failure })
        {
            return false;
        }

        var request = httpContext.Request;
        LogFailed(request.Method, request.Path, failure.Reason);
        httpContext.Response.StatusCode = (int)failure.Status;
        var isTooLarge = failure.Status is HttpStatusCode.RequestHeaderFieldsTooLarge;
        if (!isTooLarge && (failure.DidNotRun || HttpMethods.IsGet(request.Method) || RequestKey.IsOfClient(httpContext)))
        {
            httpContext.Response.Headers.RetryAfter = "1";
        }

        return await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = httpContext,
            ProblemDetails =
            {
                Status = httpContext.Response.StatusCode,
                Title = isTooLarge ? GatewayProblems.HeadersTooLarge.Title
                    : failure.DidNotRun ? GatewayProblems.Unreachable.Title
                    : GatewayProblems.Failed.Title,
                Detail = isTooLarge ? GatewayProblems.HeadersTooLarge.Detail : Advice(httpContext, failure),
            },
        });
    }

    private static string Advice(HttpContext context, InvocationFailure failure)
    {
        var outcome = failure.DidNotRun ? "Nothing was done." : "It is not known whether the request was carried out.";
        return RequestKey.Of(context) is { } key
            ? $"{outcome} Repeat it with the header {IdempotencyKey.Header}: {key}; it is then carried out once, however often it is sent."
            : $"{outcome} Repeat it later.";
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} could not be passed on: {Reason}")]
    private partial void LogFailed(string method, string path, string reason);
}
