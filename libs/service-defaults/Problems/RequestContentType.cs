using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Refuses bodies without a content type, and bodies that are not in UTF-8, with 415. The framework refuses other content types, but forwards the
/// former, and converts the encodings that it knows and fails on all others.
/// </summary>
internal static class RequestContentType
{
    public static Task RequireUtf8Async(HttpContext context, RequestDelegate next)
    {
        var hasBody = context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not null;
        if (!hasBody || IsUtf8(context.Request.GetTypedHeaders().ContentType))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType; // UseStatusCodePages writes the problem
        return Task.CompletedTask;
    }

    private static bool IsUtf8(MediaTypeHeaderValue? contentType) =>
        contentType is not null
        && (contentType.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(contentType.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
