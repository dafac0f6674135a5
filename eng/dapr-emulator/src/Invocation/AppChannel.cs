using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>The HTTP/1.1 connection from a sidecar to its app. Redirects are not followed and cookies are not kept.</summary>
/// <param name="token">Sent with every call when there is one.</param>
/// <param name="maxHeaderBytes">The maximum size of the headers of a response, in whole KiB.</param>
internal sealed class AppChannel(int port, string? token, int maxHeaderBytes) : IDisposable
{
    private const string UserAgent = "Go-http-client/1.1";
    private readonly HttpMessageInvoker _unpacked = Client(DecompressionMethods.GZip, maxHeaderBytes);
    private readonly HttpMessageInvoker _plain = Client(DecompressionMethods.None, maxHeaderBytes);

    public int Port => port;

    public string Address => $"127.0.0.1:{port}";

    /// <summary>Makes the absolute URI of a path, which is used as it is.</summary>
    public Uri UriOf(string pathAndQuery) => new(
        $"http://{Address}/{pathAndQuery.TrimStart('/')}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Sends one of the sidecar's own calls and decompresses the response.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Complete(request);
        return _unpacked.SendAsync(request, cancellationToken);
    }

    /// <summary>Forwards an invocation. Returns the response as the app sent it, as soon as its headers are there.</summary>
    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Complete(request);
        return _plain.SendAsync(request, cancellationToken);
    }

    public async Task<bool> ListensAsync(CancellationToken cancellationToken)
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
        _unpacked.Dispose();
        _plain.Dispose();
    }

    private void Complete(HttpRequestMessage request)
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

    private static HttpMessageInvoker Client(DecompressionMethods decompression, int maxHeaderBytes) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = decompression,
        MaxConnectionsPerServer = 1024,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
        // The spans of the services form the trace: a span of the emulator would come between them.
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = Math.Max(1, maxHeaderBytes / 1024),
        // Dapr writes text into headers as UTF-8.
        RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8,
    });
}
