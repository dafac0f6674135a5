using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Refuses bodies without a content type, bodies that are not in UTF-8, and compressed bodies with 415. The framework refuses other content
/// types, but forwards the first, converts the encodings that it knows and fails on all others, and reads compressed bodies as text.
/// </summary>
internal static class RequestContentType
{
    public static async Task RequireUtf8Async(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        var hasBody = context.GetEndpoint()?.Metadata.GetMetadata<IAcceptsMetadata>() is not null;
        if (!hasBody)
        {
            await next(context);
        }
        else if (request.Headers.ContentEncoding is not ([] or ["identity"]))
        {
            context.Response.Headers.AcceptEncoding = "identity";
            await Problem.UnsupportedMediaType.WriteAsync(context, "Send the body without compression.");
        }
        else if (IsUtf8(request.GetTypedHeaders().ContentType))
        {
            RemoveCharset(request);
            await next(context);
        }
        else
        {
            await Problem.UnsupportedMediaType.WriteAsync(context);
        }
    }

    /// <summary>Removes the charset, which is UTF-8. The framework fails on a charset in quotes.</summary>
    private static void RemoveCharset(HttpRequest request)
    {
        var contentType = request.GetTypedHeaders().ContentType!;
        if (contentType.Charset.Length > 0)
        {
            contentType.Charset = default;
            request.ContentType = contentType.ToString();
        }
    }

    private static bool IsUtf8(MediaTypeHeaderValue? contentType) =>
        contentType is not null
        && (contentType.Charset.Length == 0 || HeaderUtilities.RemoveQuotes(contentType.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
