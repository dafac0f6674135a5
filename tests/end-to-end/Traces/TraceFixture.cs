using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DaprOrders.Stack;
using DaprOrders.Stack.Platforms;

namespace DaprOrders.EndToEnd.Tests.Traces;

/// <summary>Starts the whole system and a dashboard to which it sends its telemetry. Orders are swept only when a test makes them due.</summary>
public sealed class TraceFixture : IAsyncLifetime
{
    /// <summary>Reading thousands of spans takes more time than waiting for them.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Long enough for a call that the others wait for, and shorter than the timeout of an attempt.</summary>
    private static readonly TimeSpan UntilShared = TimeSpan.FromSeconds(0.7);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private Dashboard? _dashboard;
    private StackHost? _stack;

    public StackHost Stack => _stack ?? throw new InvalidOperationException("The system is not started.");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await Ownership.PrepareAsync();
        _dashboard = await Dashboard.StartAsync(FreePort.Take(), FreePort.Take(), Guid.NewGuid().ToString("N"), hasApi: true, Cancel);
        _stack = new StackHost(new StackOptions
        {
            ChangeResource = _dashboard.TraceSidecars,
            Environment = new Dictionary<string, string>(_dashboard.Environment) { ["Sweep__After"] = "01:00:00", ["Sweep__Interval"] = "00:00:01" },
        });
        await _stack.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_stack is not null)
        {
            await _stack.DisposeAsync();
        }

        if (_dashboard is not null)
        {
            await _dashboard.DisposeAsync();
        }

        _http.Dispose();
    }

    /// <summary>Places one order, or several in one batch, and returns their ids and the id of the request's trace.</summary>
    internal async Task<(IReadOnlyList<Guid> Orders, string Trace)> PlaceAsync(string item, int count)
    {
        var trace = $"{ActivityTraceId.CreateRandom()}";
        var order = new { item_id = item, quantity = 1 };
        using var request = new HttpRequestMessage(HttpMethod.Post, count == 1 ? "/orders" : "/orders/batch")
        {
            Headers = { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01" } },
            Content = count == 1 ? JsonContent.Create(order) : JsonContent.Create(new { orders = Enumerable.Repeat(order, count) }),
        };
        using var response = await Stack.Gateway.SendAsync(request, Cancel);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.True(response.IsSuccessStatusCode, $"{body}");
        return ([.. (count == 1 ? [body] : body.GetProperty("results").EnumerateArray().ToArray()).Select(placed => placed.GetProperty("id").GetGuid())], trace);
    }

    /// <summary>Places orders concurrently, in requests with their own traces. Most of them share a call, because the order service does not respond at first.</summary>
    internal async Task<IReadOnlyDictionary<Guid, string>> PlaceConcurrentlyAsync(string item, int count)
    {
        var instance = Stack.Instances.First(instance => instance.AppId == "order");
        await Stack.Runtime.SignalAsync(instance, Signal.Freeze);
        var placing = Task.WhenAll(Enumerable.Range(0, count).Select(_ => PlaceAsync(item, 1)));
        await Task.Delay(UntilShared, Cancel);
        await Stack.Runtime.SignalAsync(instance, Signal.Continue);
        return (await placing).ToDictionary(placed => placed.Orders.Single(), placed => placed.Trace);
    }

    internal Task WaitUntilNotifiedAsync(IReadOnlyList<Guid> orders) => Wait.UntilAsync("the notifications", async () =>
        (long)(await Stack.QueryAsync("notification_db", $"SELECT count(*) FROM notifications WHERE order_id IN ({Ids(orders)})"))! == orders.Count
        && (long)(await Stack.QueryAsync("orders_db", $"SELECT count(*) FROM orders WHERE status <> 'pending' AND id IN ({Ids(orders)})"))! == orders.Count);

    /// <summary>Sends a request to the operators' routes of inventory.</summary>
    internal async Task<JsonElement> RedriveAsync()
    {
        var port = Stack.Instances.First(instance => instance.AppId == "inventory").Port;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/dead-letters/redrive?topic=order.created")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Stack.Tokens.Operator) },
        };
        using var response = await _http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    /// <summary>Returns the trace of an order.</summary>
    internal async Task<string> TraceOfAsync(Guid order) =>
        ((string)(await Stack.QueryAsync("orders_db", $"SELECT trace_parent FROM orders WHERE id = '{order}'"))!).Split('-')[1];

    /// <summary>Waits until the spans that the dashboard has received meet the condition, and returns them.</summary>
    internal async Task<IReadOnlyList<Span>> WaitForSpansAsync(string what, Func<IReadOnlyList<Span>, bool> condition)
    {
        IReadOnlyList<Span> spans = [];
        try
        {
            await Wait.UntilAsync(what, async () =>
            {
                await Task.Delay(Interval, Cancel);
                spans = Span.Read(await _http.GetFromJsonAsync<JsonElement>(new Uri(_dashboard!.Address, "/api/telemetry/spans?limit=10000"), Cancel));
                return condition(spans);
            });
            return spans;
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{string.Join('\n', spans.Where(span => span.IsOwn).TakeLast(60))}", e);
        }
    }

    internal static string Ids(IEnumerable<Guid> orders) => string.Join(", ", orders.Select(order => $"'{order}'"));
}
