using System.Net;
using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Invocation;

/// <summary>Sends the service's response to the client: status, body, and the headers that are meant for clients.</summary>
internal sealed class ForwardedResult(HttpResponseMessage upstream) : IResult
{
    private static readonly string[] Headers = ["Location", "Retry-After", IdempotencyKey.ReplayedHeader];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (upstream)
        {
            var response = httpContext.Response;
            response.StatusCode = (int)upstream.StatusCode;
            foreach (var name in Headers)
            {
                if (name == IdempotencyKey.ReplayedHeader && !IdempotencyKeyMiddleware.IsClientSupplied(httpContext))
                {
                    continue; // the earlier request was another attempt of the gateway
                }

                if (upstream.Headers.TryGetValues(name, out var values))
                {
                    response.Headers[name] = values.ToArray();
                }
            }

            if (upstream.StatusCode is HttpStatusCode.NoContent)
            {
                return; // the server refuses a body with this status, even an empty one
            }

            response.ContentType = upstream.Content.Headers.ContentType?.ToString();
            var body = await upstream.Content.ReadAsByteArrayAsync(httpContext.RequestAborted);
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
