using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DaprOrders.DaprEmulator.Api;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DaprOrders.DaprEmulator.Hosting;

/// <summary>The two ports of a sidecar on the loopback address, HTTP/1.1 and gRPC, which can also be dropped as a crash drops them.</summary>
internal sealed class Listeners : IAsyncDisposable
{
    // What Go reads beyond the limit that it is given.
    private const int HeaderSlop = 4096;
    private const int MostRead = 512 << 10;

    private readonly ConcurrentDictionary<ConnectionContext, Socket> _connections = new();
    private readonly WebApplication _web;

    public Listeners(SidecarState sidecar, RequestDelegate http, GrpcApi grpc)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            // The server would answer without a body; so it lets more through than is passed on below.
            kestrel.Limits.MaxRequestHeadersTotalSize = MostRead;
            kestrel.Limits.MaxRequestLineSize = MostRead;
            kestrel.Limits.MaxRequestHeaderCount = MostRead / 4;
            kestrel.ResponseHeaderEncodingSelector = _ => System.Text.Encoding.UTF8;
            kestrel.Listen(IPAddress.Loopback, sidecar.Spec.HttpPort, listen => Watch(listen, HttpProtocols.Http1));
            kestrel.Listen(IPAddress.Loopback, sidecar.Spec.GrpcPort, listen => Watch(listen, HttpProtocols.Http2));
        });
        builder.Services.AddSingleton(grpc);
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = sidecar.Spec.MaxBodyBytes);
        _web = builder.Build();
        _web.MapWhen(context => context.Request.Protocol == HttpProtocol.Http2, branch => branch
            .Use(next => context => GrpcApi.Has(context.Request.Path) ? next(context) : RefuseCallAsync(context))
            .UseRouting()
            .UseEndpoints(endpoints => endpoints.MapGrpcService<GrpcApi>()));
        var limit = sidecar.Spec.ReadBufferBytes + HeaderSlop;
        _web.Run(context => SizeOfHead(context.Request) > limit ? RefuseAsync(context) : http(context));
    }

    private static int SizeOfHead(HttpRequest request)
    {
        var target = request.HttpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return $"{request.Method} {target} HTTP/1.1\r\n\r\n".Length
            + request.Headers.Sum(header => header.Value.Sum(value => header.Key.Length + (value?.Length ?? 0) + ": \r\n".Length));
    }

    // An answer of nothing but a status, which names the call that is missing.
    private static Task RefuseCallAsync(HttpContext http)
    {
        http.Response.ContentType = "application/grpc";
        http.Response.Headers["grpc-status"] = ((int)Grpc.Core.StatusCode.Unimplemented).ToString(System.Globalization.CultureInfo.InvariantCulture);
        http.Response.Headers["grpc-message"] =
            $"the development sidecar has no {http.Request.Path.Value?.TrimStart('/')}: run this app with Dapr itself";
        return Task.CompletedTask;
    }

    private static Task RefuseAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status431RequestHeaderFieldsTooLarge;
        http.Response.ContentType = "text/plain; charset=utf-8";
        http.Response.Headers.Connection = "close";
        return http.Response.WriteAsync("431 Request Header Fields Too Large");
    }

    public (int Http, int Grpc) Ports
    {
        get
        {
            var addresses = _web.Urls.Select(url => new Uri(url).Port).ToArray();
            return (addresses[0], addresses[1]);
        }
    }

    /// <exception cref="IOException">A port is taken.</exception>
    public Task StartAsync() => _web.StartAsync();

    /// <summary>Closes every connection with a reset and stops to listen, at once.</summary>
    public async Task DropAsync()
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
                // It was closed in the meantime.
            }
        }

        await _web.StopAsync(new CancellationToken(canceled: true));
    }

    public Task StopAsync() => _web.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(1)).Token);

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private void Watch(ListenOptions listen, HttpProtocols protocols)
    {
        listen.Protocols = protocols;
        listen.Use(next => async connection =>
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
        });
    }
}
