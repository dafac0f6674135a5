using System.Net;
using System.Text;

namespace DaprOrders.DevSidecar.Bench;

/// <summary>An app that subscribes in batches, counts what comes and acknowledges all of it.</summary>
internal sealed class Subscriber : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly byte[][] _answers = [.. Enumerable.Range(0, 101).Select(count => Encoding.UTF8.GetBytes(
        "{\"statuses\":[" + string.Join(',', Enumerable.Range(0, count).Select(n => $"{{\"entryId\":\"{n}\",\"status\":\"SUCCESS\"}}")) + "]}"))];

    private readonly Lock _gate = new();
    private TaskCompletionSource? _enough;
    private long _wanted;
    private long _received;

    private Subscriber(WebApplication web) => _web = web;

    public int Port => new Uri(_web.Urls.Single()).Port;

    public static async Task<Subscriber> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var subscriber = new Subscriber(builder.Build());
        subscriber._web.Run(subscriber.HandleAsync);
        await subscriber._web.StartAsync();
        return subscriber;
    }

    public Task ReceivedAsync(long count)
    {
        lock (_gate)
        {
            if (_received >= count)
            {
                return Task.CompletedTask;
            }

            _wanted = count;
            _enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _enough.Task;
        }
    }

    public ValueTask DisposeAsync() => _web.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/dapr/subscribe":
                await http.Response.WriteAsync(
                    """[{"pubsubname":"pubsub","topic":"t","route":"/in","bulkSubscribe":{"enabled":true,"maxMessagesCount":100,"maxAwaitDurationMs":2}}]""");
                break;
            case "/in":
                using (var body = new MemoryStream())
                {
                    await http.Request.Body.CopyToAsync(body);
                    var count = body.GetBuffer().AsSpan(0, (int)body.Length).Count("\"entryId\":"u8);
                    await http.Response.Body.WriteAsync(_answers[count]);
                    Count(count);
                }

                break;
            default:
                http.Response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }

    private void Count(int count)
    {
        lock (_gate)
        {
            _received += count;
            if (_received >= _wanted)
            {
                _enough?.TrySetResult();
            }
        }
    }
}
