using DaprOrders.ServiceDefaults;

namespace DaprOrders.Gateway.Invocation;

/// <summary>Gives the app's answer to the client unchanged: status, body and the headers that mean something to a client.</summary>
internal sealed class PassedOn(HttpResponseMessage answer) : IResult
{
    private static readonly string[] Headers = ["Location", "Retry-After", IdempotencyKey.ReplayedHeader];

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (answer)
        {
            var response = httpContext.Response;
            response.StatusCode = (int)answer.StatusCode;
            foreach (var name in Headers)
            {
                if (name == IdempotencyKey.ReplayedHeader && !RequestKey.IsOfClient(httpContext))
                {
                    continue; // what came before was an attempt of the gateway itself
                }

                if (answer.Headers.TryGetValues(name, out var values))
                {
                    response.Headers[name] = values.ToArray();
                }
            }

            response.ContentType = answer.Content.Headers.ContentType?.ToString();
            var body = await answer.Content.ReadAsByteArrayAsync(httpContext.RequestAborted);
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body, httpContext.RequestAborted);
        }
    }
}
