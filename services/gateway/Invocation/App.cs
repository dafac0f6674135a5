namespace DaprOrders.Gateway.Invocation;

/// <summary>A service behind the gateway, called by Dapr service invocation.</summary>
internal abstract class App(HttpClient http)
{
    /// <summary>Calls the app. The content is bytes, so the request has a length: Dapr never repeats a chunked one.</summary>
    /// <exception cref="InvocationException">No attempt reached the app, or none was answered, for 8 s.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var response = await http.SendAsync(request, cancellationToken);
            if (await InvocationFailure.ReadAsync(response) is { } failure)
            {
                response.Dispose();
                throw new InvocationException(failure);
            }

            return response;
        }
        catch (Exception e) when (InvocationFailure.Of(e, cancellationToken) is { } failure)
        {
            throw new InvocationException(failure, e);
        }
    }

    public Task<HttpResponseMessage> GetAsync(string pathAndQuery, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, pathAndQuery), cancellationToken);
}

internal sealed class OrderApp(HttpClient http) : App(http);

internal sealed class InventoryApp(HttpClient http) : App(http);

internal sealed class NotificationApp(HttpClient http) : App(http);
