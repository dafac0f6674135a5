using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DaprOrders.Persistence;

/// <summary>Responds 503 with <c>Retry-After</c> if <see cref="DatabaseErrors"/> finds that a retry can succeed.</summary>
internal sealed partial class DatabaseExceptionHandler(ILogger<DatabaseExceptionHandler> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // A request that cannot be read is an error of the client, even if its cause is a timeout.
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
