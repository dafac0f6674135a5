using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>Sends HTTP/1.1 requests from a sidecar to its app. Does not follow redirects and does not keep cookies.</summary>
/// <param name="token">The token to send with every call, or null.</param>
/// <param name="maxHeaderBytes">The maximum size of response headers. It is rounded down to whole KiB.</param>
internal sealed class AppChannel(int port, string? token, int maxHeaderBytes) : IDisposable
{
    private const string UserAgent = "Go-http-client/1.1";
    private readonly HttpMessageInvoker _decompressing = CreateClient(DecompressionMethods.GZip, maxHeaderBytes);
    private readonly HttpMessageInvoker _raw = CreateClient(DecompressionMethods.None, maxHeaderBytes);

    public int Port => port;

    public string Address => $"127.0.0.1:{port}";

    /// <summary>Returns the absolute URI for a path. The path is not normalized.</summary>
    public Uri CreateUri(string pathAndQuery) => new(
        $"http://{Address}/{pathAndQuery.TrimStart('/')}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Sends a request of the sidecar itself and decompresses the response.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        AddHeaders(request);
        return _decompressing.SendAsync(request, cancellationToken);
    }

    /// <summary>Forwards an invocation. Returns when the response headers have arrived, and does not decompress the body.</summary>
    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        AddHeaders(request);
        return _raw.SendAsync(request, cancellationToken);
    }

    public async Task<bool> IsListeningAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _decompressing.Dispose();
        _raw.Dispose();
    }

    private void AddHeaders(HttpRequestMessage request)
    {
        if (!request.Headers.Contains("User-Agent"))
        {
            request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        }

        if (token is not null)
        {
            request.Headers.Remove("dapr-api-token");
            request.Headers.TryAddWithoutValidation("dapr-api-token", token);
        }
    }

    private static HttpMessageInvoker CreateClient(DecompressionMethods decompression, int maxHeaderBytes) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = decompression,
        MaxConnectionsPerServer = 1024,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
        // Do not add trace headers: a span of the emulator would appear between the spans of the services.
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = Math.Max(1, maxHeaderBytes / 1024),
        // Dapr encodes header values as UTF-8.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    });
}
