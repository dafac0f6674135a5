using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DaprOrders.DevSidecar.Api;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace DaprOrders.DevSidecar.Hosting;

/// <summary>The two ports of a sidecar on the loopback address, HTTP/1.1 and gRPC, which can also be dropped as a crash drops them.</summary>
internal sealed class Listeners : IAsyncDisposable
{
    // What Go reads beyond the limit that it is given.
    private const int HeaderSlop = 4096;

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
            kestrel.Limits.MaxRequestHeadersTotalSize = sidecar.Spec.ReadBufferBytes + HeaderSlop;
            kestrel.Listen(IPAddress.Loopback, sidecar.Spec.HttpPort, listen => Watch(listen, HttpProtocols.Http1));
            kestrel.Listen(IPAddress.Loopback, sidecar.Spec.GrpcPort, listen => Watch(listen, HttpProtocols.Http2));
        });
        builder.Services.AddSingleton(grpc);
        builder.Services.AddGrpc(options => options.MaxReceiveMessageSize = sidecar.Spec.MaxBodyBytes);
        _web = builder.Build();
        _web.MapWhen(context => context.Request.Protocol == HttpProtocol.Http2, branch => branch
            .UseRouting()
            .UseEndpoints(endpoints => endpoints.MapGrpcService<GrpcApi>()));
        _web.Run(http);
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
