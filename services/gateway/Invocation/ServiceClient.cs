using System.Security.Claims;
using DaprOrders.Gateway.Access;
using DaprOrders.ServiceDefaults;
using Polly.Timeout;

namespace DaprOrders.Gateway.Invocation;

/// <summary>Calls a service by Dapr service invocation.</summary>
internal abstract class ServiceClient(HttpClient http)
{
    /// <summary>Far longer than the query of any list, and far shorter than what the sidecar refuses with its own error.</summary>
    private const int MaxQueryLength = 1024;

    /// <summary>
    /// Sends the request, and returns the service's own response: 2xx, or 4xx in JSON. The content must have a length: Dapr does not retry a
    /// chunked request.
    /// </summary>
    /// <exception cref="UpstreamException">The service could not be called, or failed, for 8 s.</exception>
    public virtual async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var attempts = AttemptHandler.LogOf(request);
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is UpstreamException or TimeoutRejectedException && attempts.Failure is not null)
        {
            throw new UpstreamException(attempts.Failure, e);
        }
    }

    public async Task<HttpResponseMessage> GetAsync(string pathAndQuery, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, pathAndQuery);
        return await SendAsync(request, cancellationToken);
    }

    /// <summary>
    /// Forwards a request that has no body, with its query. The service that owns the route validates what the gateway does not know.
    /// </summary>
    public async Task<IResult> ForwardAsync(string path, HttpRequest request, CancellationToken cancellationToken)
    {
        if (request.QueryString.Value is { Length: > MaxQueryLength })
        {
            return Problem.Refused.ToResult($"Send a query of at most {MaxQueryLength} characters.");
        }

        using var message = new HttpRequestMessage(new HttpMethod(request.Method), path + request.QueryString);
        return new ForwardedResult(await SendAsync(message, cancellationToken));
    }
}

/// <summary>Calls the order service for the client of the current request, who is the owner of the orders.</summary>
internal sealed class OrderClient(HttpClient http, IHttpContextAccessor accessor) : ServiceClient(http)
{
    public override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (accessor.HttpContext?.User.FindFirstValue(BearerExtensions.Subject) is { } subject)
        {
            request.Headers.Add(Owner.Header, subject);
        }

        return base.SendAsync(request, cancellationToken);
    }
}

internal sealed class InventoryClient(HttpClient http) : ServiceClient(http);

internal sealed class NotificationClient(HttpClient http) : ServiceClient(http);
