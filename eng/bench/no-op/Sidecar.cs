using System.Net;

namespace DaprOrders.NoOp;

/// <summary>The app's sidecar, over the one HTTP client of the process.</summary>
internal sealed class Sidecar(int port) : IDisposable
{
    // No time limit of its own: that is one timer per request, and a sidecar that ends closes its connections.
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

    /// <summary>Posts JSON, with a content length: Dapr treats chunked requests differently.</summary>
    /// <param name="path">The path in the sidecar's API.</param>
    /// <param name="json">The body.</param>
    /// <param name="length">How much of <paramref name="json"/> is the body.</param>
    /// <returns>The answer's status and body.</returns>
    public async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(Uri path, byte[] json, int length)
    {
        using var content = new ByteArrayContent(json, 0, length);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        using var answer = await _client.PostAsync(path, content);
        return (answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
    }

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri("/v1.0/healthz/outbound", UriKind.Relative));
            return answer.StatusCode is HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _client.Dispose();
}
