using System.Net;
using System.Net.Sockets;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>The way from a sidecar to its app: HTTP/1.1, redirects not followed, nothing kept between calls but connections.</summary>
internal sealed class AppChannel : IDisposable
{
    private const string UserAgent = "Go-http-client/1.1";
    private readonly string? _token;
    private readonly SemaphoreSlim? _turns;
    private readonly HttpMessageInvoker _unpacked;
    private readonly HttpMessageInvoker _plain;

    /// <param name="token">Sent with every call when there is one.</param>
    /// <param name="maxHeaderBytes">What the headers of an answer may have at most, in whole KiB.</param>
    /// <param name="maxConcurrency">How many calls may be open at once; not positive: any number.</param>
    public AppChannel(int port, string? token, int maxHeaderBytes = 4096, int maxConcurrency = -1)
    {
        _turns = maxConcurrency > 0 ? new SemaphoreSlim(maxConcurrency) : null;
        _unpacked = Client(DecompressionMethods.GZip, maxHeaderBytes);
        _plain = Client(DecompressionMethods.None, maxHeaderBytes);
        Port = port;
        _token = token;
    }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Gets or sets what tells whether the app is well; while it is not, it gets no call but probes.</summary>
    public AppHealth? Health { get; set; }

    /// <summary>Makes the absolute URI of a path, which is used as it is.</summary>
    public Uri UriOf(string pathAndQuery) => new(
        $"http://{Address}/{pathAndQuery.TrimStart('/')}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });

    /// <summary>Sends one of the sidecar's own calls: its answer comes decompressed.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Complete(request);
        return InTurnAsync(_unpacked, request, cancellationToken);
    }

    /// <summary>Passes an invocation on: its answer comes as the app sent it, and as soon as its headers are there.</summary>
    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Complete(request);
        return InTurnAsync(_plain, request, cancellationToken);
    }

    /// <summary>Sends a probe: without token, and without waiting for a turn.</summary>
    public Task<HttpResponseMessage> ProbeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        return _unpacked.SendAsync(request, cancellationToken);
    }

    private async Task<HttpResponseMessage> InTurnAsync(HttpMessageInvoker client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Health is { IsHealthy: false })
        {
            throw new AppUnhealthyException();
        }

        if (_turns is null)
        {
            return await client.SendAsync(request, cancellationToken);
        }

        await _turns.WaitAsync(cancellationToken);
        try
        {
            // The turn is over when the answer has been read, not when it begins.
            var answer = await client.SendAsync(request, cancellationToken);
            answer.Content = new HeldContent(answer.Content, Release);
            return answer;
        }
        catch
        {
            Release();
            throw;
        }
    }

    private void Release()
    {
        try
        {
            _turns!.Release();
        }
        catch (ObjectDisposedException)
        {
            // The sidecar is gone, and nobody waits for a turn.
        }
    }

    public async Task<bool> ListensAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
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
        _turns?.Dispose();
    }

    private void Complete(HttpRequestMessage request)
    {
        if (!request.Headers.Contains("User-Agent"))
        {
            request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        }

        if (_token is not null)
        {
            request.Headers.Remove("dapr-api-token");
            request.Headers.TryAddWithoutValidation("dapr-api-token", _token);
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
        // The services' own spans make the trace; one of ours would come between them.
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = Math.Max(1, maxHeaderBytes / 1024),
        // Go puts the bytes of a text into a header as they are.
        RequestHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8,
        ResponseHeaderEncodingSelector = (_, _) => System.Text.Encoding.UTF8,
    });
}
