using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DaprOrders.DaprEmulator.RunFile;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DaprOrders.DaprEmulator.Hosting;

/// <summary>Serves the HTTP port of a sidecar on the loopback address. It can also close like a crashed process.</summary>
internal sealed class SidecarServer : IAsyncDisposable
{
    // Dapr's server accepts up to 4 KiB more than its limit. If the connection was used before, it has already read up to 4 KiB of the request
    // when it starts to count. For larger headers it returns 431 with a body. Kestrel returns 431 without a body, so its own limit must be higher.
    private const int HeaderAllowance = 4096;
    private const int UsedConnectionAllowance = 4096;
    private const int KestrelHeaderLimit = 512 << 10;

    private readonly ConcurrentDictionary<ConnectionContext, Socket> _connections = new();
    private readonly WebApplication _web;

    public SidecarServer(AppSpec spec, RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.MaxRequestHeadersTotalSize = KestrelHeaderLimit;
            kestrel.Limits.MaxRequestLineSize = KestrelHeaderLimit;
            kestrel.Limits.MaxRequestHeaderCount = KestrelHeaderLimit / 4;
            kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.UTF8;
            kestrel.Listen(IPAddress.Loopback, spec.HttpPort, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.Use(next => connection => TrackAsync(connection, next));
            });
        });
        _web = builder.Build();
        _web.Run(http => HeaderBytes(http.Request) > spec.ReadBufferBytes + Allowance(http) ? RejectAsync(http) : handle(http));
    }

    /// <summary>Gets the port. The system chooses it if the configured port is 0.</summary>
    public int Port => new Uri(_web.Urls.Single()).Port;

    /// <exception cref="IOException">The port is in use.</exception>
    public Task StartAsync() => _web.StartAsync();

    /// <summary>Resets all connections and stops listening immediately.</summary>
    public async Task ResetAsync()
    {
        foreach (var socket in _connections.Values)
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
                socket.Close();
            }
            catch (ObjectDisposedException)
            {
                // The connection was closed in the meantime.
            }
        }

        await _web.StopAsync(new CancellationToken(canceled: true));
    }

    public Task StopAsync() => _web.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(1)).Token);

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private static int Allowance(HttpContext http)
    {
        var isFirstRequest = http.Features.GetRequiredFeature<IConnectionItemsFeature>().Items.TryAdd(typeof(SidecarServer), null);
        return isFirstRequest ? HeaderAllowance : HeaderAllowance + UsedConnectionAllowance;
    }

    private static int HeaderBytes(HttpRequest request)
    {
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return $"{request.Method} {target} HTTP/1.1\r\n\r\n".Length
            + request.Headers.Sum(header => header.Value.Sum(value => header.Key.Length + (value?.Length ?? 0) + ": \r\n".Length));
    }

    private static Task RejectAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status431RequestHeaderFieldsTooLarge;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.Connection = "close";
        return http.Response.WriteAsync("431 Request Header Fields Too Large");
    }

    private async Task TrackAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is { } feature)
        {
            _connections[connection] = feature.Socket;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }
}
