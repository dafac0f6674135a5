using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>A call that the app received.</summary>
internal sealed record Call(string Method, string Path, Dictionary<string, string> Headers, string Body, DateTimeOffset At);

/// <summary>A response of the app.</summary>
internal sealed record AppResponse(int Status, string Body = "", params (string Name, string Value)[] Headers);

/// <summary>An app that records every call and returns configured responses.</summary>
internal sealed class TestApp(TimeProvider time) : IAsyncDisposable
{
    private readonly WaitableList<Call> _calls = new();
    private WebApplication? _web;

    public int Port { get; private set; }

    /// <summary>Gets or sets the response to GET /dapr/subscribe.</summary>
    public AppResponse Subscriptions { get; set; } = new(404);

    /// <summary>Gets or sets a function that responds to the calls at the start. It replaces <see cref="Subscriptions"/>.</summary>
    public Func<Call, AppResponse>? Startup { get; set; }

    /// <summary>Gets or sets a function that responds to all other calls.</summary>
    public Func<Call, Task<AppResponse>> Respond { get; set; } = _ => Task.FromResult(new AppResponse(200));

    public IReadOnlyList<Call> Calls => _calls.Items;

    public static async Task<WebApplication> ListenAsync(RequestDelegate handle, int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        var web = builder.Build();
        web.Run(handle);
        await web.StartAsync();
        return web;
    }

    public static int PortOf(WebApplication web) => new Uri(web.Urls.Single()).Port;

    public async Task StartAsync(int port = 0)
    {
        _web = await ListenAsync(HandleAsync, port);
        Port = PortOf(_web);
    }

    /// <summary>Waits for calls to these paths and returns them. Without paths, waits for all calls except those at the start.</summary>
    public Task<IReadOnlyList<Call>> WaitForAsync(int count, params string[] paths) => _calls.WaitForAsync(
        count,
        call => paths.Length == 0 ? !call.Path.StartsWith("/dapr/") : paths.Contains(call.Path),
        paths.Length == 0 ? "calls" : $"calls to {string.Join(", ", paths)}");

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            await _web.StopAsync(new CancellationToken(canceled: true));
            await _web.DisposeAsync();
        }
    }

    private async Task HandleAsync(HttpContext http)
    {
        var body = new MemoryStream();
        try
        {
            await http.Request.Body.CopyToAsync(body);
        }
        catch (Exception exception) when (exception is IOException or BadHttpRequestException)
        {
            // The caller canceled while it sent the body. Record the part that has arrived.
        }

        var call = new Call(
            http.Request.Method,
            http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()),
            Encoding.UTF8.GetString(body.ToArray()),
            time.GetUtcNow());
        _calls.Add(call);
        var response = call.Path switch
        {
            "/dapr/config" or "/dapr/subscribe" when Startup is { } startup => startup(call),
            "/dapr/config" => new AppResponse(404),
            "/dapr/subscribe" => Subscriptions,
            _ => await Respond(call),
        };
        http.Response.StatusCode = response.Status;
        foreach (var (name, value) in response.Headers)
        {
            http.Response.Headers[name] = value;
        }

        if (http.Request.Method != "HEAD" && response.Status != 204)
        {
            await http.Response.WriteAsync(response.Body);
        }
    }
}
