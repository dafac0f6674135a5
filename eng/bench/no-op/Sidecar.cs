using System.Net;

namespace DaprOrders.NoOp;

/// <summary>Calls the app's sidecar with one HTTP client per process.</summary>
internal sealed class Sidecar(int port) : IDisposable
{
    // No timeout, which would need one timer per request. A sidecar that ends closes its connections.
    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Posts JSON with a content length, because Dapr treats chunked requests differently.</summary>
    /// <param name="length">The number of bytes of <paramref name="json"/> that are the body.</param>
    public async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(Uri path, byte[] json, int length)
    {
        using var content = new ByteArrayContent(json, 0, length);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        using var response = await _client.PostAsync(path, content);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await _client.GetAsync(new Uri("/v1.0/healthz/outbound", UriKind.Relative));
            return response.StatusCode is HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _client.Dispose();
}
