using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace DaprOrders.ServiceDefaults;

/// <summary>
/// Refuses long URLs and large headers with a problem. Kestrel refuses them without a body, so its own limits are eight times as high. The limits here
/// are Kestrel's defaults.
/// </summary>
internal static class RequestLimits
{
    private const int MaxTargetLength = 8 << 10;
    private const int MaxHeaderLength = 32 << 10;
    private const int MaxHeaders = 100;
    private const int Factor = 8;

    public static void RaiseKestrelLimits(this WebApplicationBuilder builder) => builder.Services.Configure<KestrelServerOptions>(kestrel =>
    {
        kestrel.Limits.MaxRequestLineSize = Factor * MaxTargetLength;
        kestrel.Limits.MaxRequestHeadersTotalSize = Factor * MaxHeaderLength;
        kestrel.Limits.MaxRequestHeaderCount = Factor * MaxHeaders;
    });

    public static Task CheckAsync(HttpContext context, RequestDelegate next)
    {
        if (context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length > MaxTargetLength)
        {
            return RefuseAsync(StatusCodes.Status414UriTooLong, $"Send a URL of at most {MaxTargetLength} characters.");
        }

        var headers = context.Request.Headers;
        return headers.Count > MaxHeaders || LengthOf(headers) > MaxHeaderLength
            ? RefuseAsync(StatusCodes.Status431RequestHeaderFieldsTooLarge, $"Send at most {MaxHeaders} headers with {MaxHeaderLength} characters in total.")
            : next(context);

        static int LengthOf(IHeaderDictionary headers)
        {
            var length = 0;
            foreach (var (name, values) in headers)
            {
                foreach (var value in values)
                {
                    length += name.Length + (value?.Length ?? 0);
                }
            }

            return length;
        }

        Task RefuseAsync(int status, string detail) => (Problem.Refused with { Status = status }).WriteAsync(context, detail).AsTask();
    }
}
