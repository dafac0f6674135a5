using System.Net.Http.Headers;
using DaprOrders.Gateway.Coalescing;
using DaprOrders.Stack;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Time.Testing;

namespace DaprOrders.Gateway.Tests.Coalescing;

/// <summary>Runs the gateway with a stub of the order service, and helps to make requests wait for each other.</summary>
internal sealed class CoalescingGateway : IAsyncDisposable
{
    private readonly GatewayHost _gateway;
    private IReadOnlyList<(Task<HttpResponseMessage> Request, StubbedCall Call)> _occupied = [];

    public CoalescingGateway(TimeProvider time, params (string Key, string Value)[] settings)
    {
        _gateway = new GatewayHost(settings) { Time = time, Configure = UseStub };
        Client = _gateway.CreateClient();
    }

    public OrderServiceStub Orders { get; } = new();

    public HttpClient Client { get; }

    public IServiceProvider Services => _gateway.Services;

    private OrderQueue Queue => Services.GetRequiredService<OrderQueue>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        Orders.Release();
        Client.Dispose();
        await _gateway.DisposeAsync();
        Orders.Dispose();
    }

    /// <summary>Sends an order.</summary>
    /// <param name="body">The body; null for a valid one.</param>
    /// <param name="key">The idempotency key of the client; null for none.</param>
    /// <param name="disconnect">Disconnects the client.</param>
    /// <param name="headers">More headers.</param>
    public async Task<HttpResponseMessage> PostAsync(string? body = null, string? key = null, CancellationTokenSource? disconnect = null, params (string Name, string Value)[] headers)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(Cancel, disconnect?.Token ?? default);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders");
        request.Content = new StringContent(body ?? """{"item_id":"item-1","quantity":1}""", new MediaTypeHeaderValue("application/json"));
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await Client.SendAsync(request, linked.Token);
    }

    /// <summary>Sends an order whose request must wait, and returns when it waits.</summary>
    public async Task<Task<HttpResponseMessage>> QueueAsync(
        string? body = null, string? key = null, CancellationTokenSource? disconnect = null, params (string Name, string Value)[] headers)
    {
        var before = Queue.Count;
        var request = PostAsync(body, key, disconnect, headers);
        await UntilWaitingAsync(before + 1);
        return request;
    }

    /// <summary>Waits until so many orders wait for a call.</summary>
    public Task UntilWaitingAsync(int count) => Wait.UntilAsync($"{count} orders to wait", () => Queue.Count == count);

    /// <summary>Sends two orders and leaves their calls without a response, so that further orders wait.</summary>
    public async Task<IReadOnlyList<(Task<HttpResponseMessage> Request, StubbedCall Call)>> OccupyAsync(int calls = 2)
    {
        var occupied = new List<(Task<HttpResponseMessage>, StubbedCall)>();
        while (occupied.Count < calls)
        {
            var request = PostAsync(key: $"first-{occupied.Count}");
            occupied.Add((request, await Orders.NextAsync()));
        }

        return occupied;
    }

    /// <summary>Occupies two calls and sends orders that wait. <see cref="ReleaseAsync"/> ends both calls, so that the next one carries these orders.</summary>
    /// <param name="count">The number of orders.</param>
    /// <param name="item">Returns the item of each order; null for the same item.</param>
    public async Task<IReadOnlyList<Task<HttpResponseMessage>>> QueueManyAsync(int count, Func<int, string>? item = null)
    {
        _occupied = await OccupyAsync();
        var requests = new List<Task<HttpResponseMessage>>();
        while (requests.Count < count)
        {
            requests.Add(await QueueAsync($$"""{"item_id":"{{item?.Invoke(requests.Count) ?? "item-1"}}","quantity":1}"""));
        }

        return requests;
    }

    public async Task ReleaseAsync()
    {
        foreach (var (request, call) in _occupied)
        {
            call.Place();
            using var response = await request;
        }
    }

    /// <summary>Advances the clock until the condition is true, so that pauses and timeouts end.</summary>
    public static Task AdvanceUntilAsync(FakeTimeProvider time, Func<bool> condition) => Wait.UntilAsync("the end of pauses and timeouts", () =>
    {
        if (condition())
        {
            return true;
        }

        time.Advance(TimeSpan.FromMilliseconds(20));
        return false;
    });

    private void UseStub(IServiceCollection services) => services.Configure<HttpClientFactoryOptions>(
        "OrderClient", options => options.HttpMessageHandlerBuilderActions.Add(builder => builder.PrimaryHandler = Orders));
}
