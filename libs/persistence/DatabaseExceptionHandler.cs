using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DaprOrders.Persistence;

/// <summary>Writes failures that pass as 503 with <c>Retry-After</c>, see <see cref="DatabaseErrors"/>.</summary>
internal sealed partial class DatabaseExceptionHandler(ILogger<DatabaseExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // An unreadable request is the client's error, even if reading its body timed out.
        if (exception is BadHttpRequestException || !DatabaseErrors.IsUnavailable(exception))
        {
            return false;
        }

        LogUnavailable(httpContext.Request.Method, httpContext.Request.Path, exception.Message);
        httpContext.Response.Headers.RetryAfter = "1";
        return await Problem.Unavailable.WriteAsync(httpContext);
    }

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} responded 503, the client may retry: {Error}")]
    private partial void LogUnavailable(string method, string path, string error);
}
