using DaprOrders.Messaging;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DaprOrders.ServiceDefaults;

/// <summary>Turns exceptions that nobody caught into problem+json: 503 with <c>Retry-After</c> for what passes by itself, else 500. Never a stack trace.</summary>
internal sealed partial class ExceptionProblems(IProblemDetailsService problems, ILogger<ExceptionProblems> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is BadHttpRequestException bad)
        {
            httpContext.Response.StatusCode = bad.StatusCode;
            return await WriteAsync(httpContext, KnownProblem.Unreadable.Title, BadRequest.Explain(bad, httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint));
        }

        if (Transient.Is(exception))
        {
            LogUnavailable(httpContext.Request.Method, httpContext.Request.Path, exception.Message);
            httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            httpContext.Response.Headers.RetryAfter = "1";
            return await WriteAsync(httpContext, KnownProblem.Unavailable.Title, KnownProblem.Unavailable.Detail);
        }

        LogFailed(exception, httpContext.Request.Method, httpContext.Request.Path);
        httpContext.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return await WriteAsync(httpContext, KnownProblem.Failed.Title, KnownProblem.Failed.Detail);
    }

    private ValueTask<bool> WriteAsync(HttpContext context, string title, string? detail) =>
        problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = { Status = context.Response.StatusCode, Title = title, Detail = detail },
        });

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} was answered 503: {Error}")]
    private partial void LogUnavailable(string method, string path, string error);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(Exception exception, string method, string path);
}
