using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace DaprOrders.DaprEmulator.Tests.Support;

/// <summary>A call that the app received.</summary>
internal sealed record Call(string Method, string Path, Dictionary<string, string> Headers, string Body, DateTimeOffset At);

/// <summary>What the app answers.</summary>
internal sealed record Reply(int Status, string Body = "", params (string Name, string Value)[] Headers);

/// <summary>An app on a port of its own that notes every call and answers as told.</summary>
internal sealed class TestApp(TimeProvider time) : IAsyncDisposable
{
    private readonly Lock _gate = new();

    /// <summary>Gets or sets how long is waited for the next call.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(20);

    private readonly List<Call> _calls = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _web;

    public int Port { get; private set; }

    /// <summary>Gets or sets the answer to GET /dapr/subscribe.</summary>
    public Reply Subscriptions { get; set; } = new(404);

    /// <summary>Gets or sets the answers to what is asked at the start, instead of <see cref="Subscriptions"/>.</summary>
    public Func<Call, Reply>? Startup { get; set; }

    /// <summary>Gets or sets the answer to all other calls.</summary>
    public Func<Call, Task<Reply>> Answer { get; set; } = _ => Task.FromResult(new Reply(200));

    public IReadOnlyList<Call> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public async Task StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, port);
        });
        _web = builder.Build();
        _web.Run(HandleAsync);
        await _web.StartAsync();
        Port = new Uri(_web.Urls.Single()).Port;
    }

    /// <summary>Waits until <paramref name="count"/> calls to these paths have come, or to any but those of the start, and gives them.</summary>
    public async Task<IReadOnlyList<Call>> WaitForAsync(int count, params string[] paths)
    {
        using var limit = Waiting.Limit(2 * Patience); // also while other calls keep coming
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                var matching = _calls.Where(call => paths.Length == 0 ? !call.Path.StartsWith("/dapr/") : paths.Contains(call.Path)).ToList();
                if (matching.Count >= count)
                {
                    return matching;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(Patience, limit.Token);
        }
    }

    /// <summary>Waits until any call comes.</summary>
    public Task WaitForNextAsync(TimeSpan patience)
    {
        lock (_gate)
        {
            return _changed.Task.WaitAsync(patience, TestContext.Current.CancellationToken);
        }
    }

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
        catch (Exception cut) when (cut is IOException or BadHttpRequestException)
        {
            // The caller gave up in the middle: noted with what came.
        }

        var call = new Call(
            http.Request.Method,
            http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget,
            http.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()),
            System.Text.Encoding.UTF8.GetString(body.ToArray()),
            time.GetUtcNow());
        Note(call);
        var reply = call.Path switch
        {
            "/dapr/config" or "/dapr/subscribe" when Startup is { } startup => startup(call),
            "/dapr/config" => new Reply(404),
            "/dapr/subscribe" => Subscriptions,
            _ => await Answer(call),
        };
        http.Response.StatusCode = reply.Status;
        foreach (var (name, value) in reply.Headers)
        {
            http.Response.Headers[name] = value;
        }

        if (http.Request.Method != "HEAD" && reply.Status != 204)
        {
            await http.Response.WriteAsync(reply.Body);
        }
    }

    private void Note(Call call)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            _calls.Add(call);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
