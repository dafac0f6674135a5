using Polly.Timeout;

namespace DaprOrders.Gateway.Invocation;

/// <summary>A service behind the gateway, called by Dapr service invocation.</summary>
internal abstract class App(HttpClient http)
{
    /// <summary>
    /// Calls the app, and gives what it answered itself: 2xx, or 4xx in JSON. The content must be bytes, so that the request has a length:
    /// Dapr never repeats a chunked one.
    /// </summary>
    /// <exception cref="InvocationException">The app could not be called, or failed, for 8 s.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var failures = AttemptHandler.Record(request);
        try
        {
            return await http.SendAsync(request, cancellationToken);
        }
        catch (Exception e) when (e is InvocationException or TimeoutRejectedException && failures.Count > 0)
        {
            // The time may be up in a pause or in an attempt; what counts is what the attempts came to, all of them.
            throw new InvocationException(failures[^1] with { DidNotRun = failures.TrueForAll(failure => failure.DidNotRun) }, e);
        }
    }

    public async Task<HttpResponseMessage> GetAsync(string pathAndQuery, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, pathAndQuery);
        return await SendAsync(request, cancellationToken);
    }
}

internal sealed class OrderApp(HttpClient http) : App(http);

internal sealed class InventoryApp(HttpClient http) : App(http);

internal sealed class NotificationApp(HttpClient http) : App(http);
