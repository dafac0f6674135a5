using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DaprOrders.Stack;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace DaprOrders.Faults.Tests.Proxy;

/// <summary>
/// Forwards the requests between each app and its sidecar, in both directions. Applies the fault of the link, and records published and delivered
/// events.
/// </summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    /// <summary>The share of events that <see cref="LinkFault.Lose"/> removes.</summary>
    private const double LostShare = 0.01;

    private static readonly TimeSpan ProbeInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMilliseconds(800);
    private static readonly ForwarderRequestConfig RequestConfig = new() { ActivityTimeout = TimeSpan.FromSeconds(100) };

    private readonly WebApplication _server;
    private readonly Dictionary<int, Link> _links;
    private readonly IHttpForwarder _forwarder;
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ActivityHeadersPropagator = null,
    });

    private FaultyProxy(IReadOnlyList<AppInstance> instances, RandomSources randomSources)
    {
        _links = instances
            .SelectMany(instance => (Link[])
            [
                new(instance, isToApp: true, randomSources.For($"sidecar to {instance}")), new(instance, isToApp: false, randomSources.For($"{instance} to sidecar")),
            ])
            .ToDictionary(link => link.ListeningPort);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            foreach (var port in _links.Keys)
            {
                kestrel.Listen(IPAddress.Loopback, port);
            }
        });
        _server = builder.Build();
        _forwarder = _server.Services.GetRequiredService<IHttpForwarder>();
        _server.Run(HandleAsync);
    }

    public TrafficRecorder Traffic { get; } = new();

    public IEnumerable<Link> Links => _links.Values;

    public static async Task<FaultyProxy> StartAsync(IReadOnlyList<AppInstance> instances, RandomSources randomSources)
    {
        var proxy = new FaultyProxy(instances, randomSources);
        await proxy._server.StartAsync();
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var link = _links[context.Connection.LocalPort];
        if (IsRuntimeRequest(context.Request.Path))
        {
            await WaitUntilAppListensAsync(link, context);
            if (await _forwarder.SendAsync(context, link.Target, _client, RequestConfig) is not ForwarderError.None)
            {
                context.Abort();
            }

            return;
        }

        var fault = link.Fault;
        if (fault is LinkFault.Reset)
        {
            context.Abort();
            return;
        }

        if (fault is LinkFault.Delay)
        {
            await Task.Delay(LongestDelay * link.Draw(random => random.NextDouble()));
        }

        await ProcessAsync(context, link, fault);
    }

    private async Task ProcessAsync(HttpContext context, Link link, LinkFault fault)
    {
        var body = await ReadAsync(context.Request.Body);
        var publish = link.IsToApp ? null : Publish.Read(context.Request.Path, body);
        var delivery = link.IsToApp ? Delivery.Read(context.Request.Path, body) : null;
        if (fault is LinkFault.Lose && publish is not null)
        {
            (body, var lost) = link.Draw(random => publish.Without(LostShare, random));
            Traffic.RecordLost(lost);
        }

        if (fault is LinkFault.DeliverTwice && delivery is not null)
        {
            var first = await ForwardAsync(context, link, body);
            Traffic.RecordDelivery(link.Instance, delivery, first);
            context.Response.Clear();
            body = link.Draw(delivery.Shuffle);
        }

        var began = Stopwatch.GetTimestamp();
        var toPeer = fault is LinkFault.DeliverToTwo && delivery is not null && FindPeer(link) is { } peer
            ? DeliverToPeerAsync(context.Request, peer, delivery, body)
            : Task.CompletedTask;
        var response = await ForwardAsync(context, link, body);
        await toPeer;
        if (response is not null)
        {
            Traffic.RecordDelivery(link.Instance, delivery, response);
            Traffic.RecordPublish(publish, context.Response.StatusCode, Stopwatch.GetElapsedTime(began));
        }

        if (response is null || fault is LinkFault.DropResponses)
        {
            context.Abort();
            return;
        }

        await context.Response.Body.WriteAsync(response);
    }

    private Link? FindPeer(Link link) => _links.Values.FirstOrDefault(
        other => other.IsToApp && other.Instance.AppId == link.Instance.AppId && other.Instance != link.Instance);

    /// <summary>Sends a delivery to another instance. The instance may not be running.</summary>
    private async Task DeliverToPeerAsync(HttpRequest original, Link peer, Delivery delivery, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", original.ContentType);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{peer.Target}{original.Path}{original.QueryString}") { Content = content };
        request.Headers.Add("dapr-api-token", (string?)original.Headers["dapr-api-token"]);
        using var timeout = new CancellationTokenSource(RequestConfig.ActivityTimeout!.Value);
        try
        {
            using var response = await _client.SendAsync(request, timeout.Token);
            Traffic.RecordDelivery(peer.Instance, delivery, await response.Content.ReadAsByteArrayAsync(timeout.Token));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            // The instance has handled the events or not. The invariants allow both.
        }
    }

    /// <summary>Forwards the request and returns the body of the response, or null if there was no response.</summary>
    private async Task<byte[]?> ForwardAsync(HttpContext context, Link link, byte[] body)
    {
        var toClient = context.Response.Body;
        using var response = new MemoryStream();
        context.Request.Body = new MemoryStream(body);
        if (context.Request.ContentLength is not null)
        {
            context.Request.ContentLength = body.Length;
        }

        context.Response.Body = response;
        var error = await _forwarder.SendAsync(context, link.Target, _client, RequestConfig);
        context.Response.Body = toClient;
        return error is ForwarderError.None ? response.ToArray() : null;
    }

    /// <summary>Delays the sidecar's request for the subscriptions until the app listens. The sidecar sends it only once, and the proxy listens first.</summary>
    private static async Task WaitUntilAppListensAsync(Link link, HttpContext context)
    {
        if (link.IsToApp && context.Request.Path.StartsWithSegments("/dapr", StringComparison.Ordinal))
        {
            await Wait.UntilAsync(
                $"{link.Instance} to listen",
                async () => context.RequestAborted.IsCancellationRequested || await IsListeningAsync(link.Instance.Port),
                StartTimeout);
        }
    }

    private static async Task<bool> IsListeningAsync(int port)
    {
        using var probe = new TcpClient();
        try
        {
            await probe.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            await Task.Delay(ProbeInterval); // more frequent probes would slow down the start of the app
            return false;
        }
    }

    /// <summary>Returns whether the request is for health, metadata or subscriptions. These are never disturbed, because they contain no orders.</summary>
    private static bool IsRuntimeRequest(PathString path) =>
        path.StartsWithSegments("/dapr", StringComparison.Ordinal) || path.StartsWithSegments("/healthz", StringComparison.Ordinal)
        || path.StartsWithSegments("/v1.0/healthz", StringComparison.Ordinal) || path.StartsWithSegments("/v1.0/metadata", StringComparison.Ordinal);

    private static async Task<byte[]> ReadAsync(Stream body)
    {
        using var copy = new MemoryStream();
        await body.CopyToAsync(copy);
        return copy.ToArray();
    }
}
