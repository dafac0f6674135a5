using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace DaprOrders.ServiceDefaults;

/// <summary>Writes the problem of a request whose body could not be read.</summary>
internal sealed class BadRequestHandler(IOptions<JsonOptions> json) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not BadHttpRequestException bad)
        {
            return false;
        }

        var endpoint = httpContext.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return await (bad switch
        {
            { InnerException: JsonException malformed } => Problem.MalformedBody.WriteAsync(
                httpContext,
                MalformedBody.Describe(malformed, endpoint?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType, json.Value.SerializerOptions)),
            { StatusCode: StatusCodes.Status400BadRequest } => Problem.MalformedBody.WriteAsync(httpContext, MalformedBody.Missing),
            { StatusCode: StatusCodes.Status413PayloadTooLarge } => Problem.BodyTooLarge.WriteAsync(httpContext, DescribeLimit(httpContext)),
            _ => Problem.OfStatus(bad.StatusCode).WriteAsync(httpContext),
        });
    }

    /// <summary>Returns the size to which the body of the request is limited, for the detail of a 413.</summary>
    public static string? DescribeLimit(HttpContext context) =>
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize is { } limit ? $"Send a body of at most {limit} bytes." : null;
}
