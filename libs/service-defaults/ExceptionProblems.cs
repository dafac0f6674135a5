using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace DaprOrders.ServiceDefaults;

/// <summary>Writes exceptions that no registered handler takes as problem details: 400 for an unreadable request, else 500 without the exception.</summary>
internal sealed partial class ExceptionProblems(IProblemDetailsService problems, ILogger<ExceptionProblems> logger)
{
    public Task WriteAsync(HttpContext context)
    {
        var feature = context.Features.GetRequiredFeature<IExceptionHandlerFeature>();
        if (feature.Error is BadHttpRequestException bad)
        {
            return WriteAsync(context, bad.StatusCode, KnownProblem.Unreadable.Title, BadRequest.Explain(bad, feature.Endpoint));
        }

        LogFailed(feature.Error, context.Request.Method, context.Request.Path);
        return WriteAsync(context, StatusCodes.Status500InternalServerError, KnownProblem.Failed.Title, KnownProblem.Failed.Detail);
    }

    private async Task WriteAsync(HttpContext context, int status, string title, string? detail)
    {
        context.Response.StatusCode = status;
        await problems.TryWriteAsync(new ProblemDetailsContext
        {
            HttpContext = context,
            ProblemDetails = { Status = status, Title = title, Detail = detail },
        });
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed")]
    private partial void LogFailed(Exception exception, string method, string path);
}
