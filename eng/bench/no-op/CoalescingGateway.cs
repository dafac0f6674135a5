using System.Buffers;
using System.Net;

namespace DaprOrders.NoOp;

/// <summary>
/// Forwards concurrent orders together: at most two calls are in flight, and the orders that arrive meanwhile are sent in the next call. An order
/// that arrives alone is sent alone, at once.
/// </summary>
internal sealed class CoalescingGateway(Sidecar sidecar) : App(sidecar)
{
    private const int MaxCalls = 2;
    private const int MaxOrders = 128;

    private static readonly Uri Single = new("/v1.0/invoke/order/method/orders", UriKind.Relative);
    private static readonly Uri Together = new($"/v1.0/invoke/order/method{Group.Path}", UriKind.Relative);

    private readonly Lock _gate = new();
    private readonly Queue<Waiting> _waiting = [];
    private int _calls;

    protected override Task HandleOwnAsync(HttpContext http) => http.Request.Path.Value is "/orders" ? PlaceAsync(http) : NotFoundAsync(http);

    private async Task PlaceAsync(HttpContext http)
    {
        var (body, length) = await ReadAsync(http.Request);
        var order = new Waiting(body, length);
        if (Add(order))
        {
            _ = SendAllAsync();
        }

        var response = await order.Response.Task;
        ArrayPool<byte>.Shared.Return(body);
        http.Response.StatusCode = response.IsEmpty ? StatusCodes.Status502BadGateway : StatusCodes.Status201Created;
        await WriteJsonAsync(http, response);
    }

    /// <summary>Adds an order, and returns whether the caller must send.</summary>
    private bool Add(Waiting order)
    {
        lock (_gate)
        {
            _waiting.Enqueue(order);
            if (_calls == MaxCalls)
            {
                return false;
            }

            _calls++;
            return true;
        }
    }

    private async Task SendAllAsync()
    {
        while (Take() is { Count: > 0 } orders)
        {
            try
            {
                await SendAsync(orders);
            }
            catch (HttpRequestException)
            {
                orders.ForEach(order => order.Response.TrySetResult(ReadOnlyMemory<byte>.Empty));
            }
        }
    }

    private List<Waiting> Take()
    {
        lock (_gate)
        {
            var orders = new List<Waiting>();
            while (orders.Count < MaxOrders && _waiting.TryDequeue(out var order))
            {
                orders.Add(order);
            }

            _calls -= orders.Count == 0 ? 1 : 0;
            return orders;
        }
    }

    private async Task SendAsync(List<Waiting> orders)
    {
        byte[] group = orders.Count > 1 ? Join(orders) : [];
        var (status, response) = orders is [var lone]
            ? await Sidecar.PostAsync(Single, lone.Body, lone.Length)
            : await Sidecar.PostAsync(Together, group, group.Length);
        var isPlaced = status is HttpStatusCode.Created or HttpStatusCode.OK;
        for (var i = 0; i < orders.Count; i++)
        {
            orders[i].Response.TrySetResult(
                !isPlaced ? ReadOnlyMemory<byte>.Empty : orders.Count == 1 ? response : Group.Part(response, orders.Count, i));
        }
    }

    private static byte[] Join(List<Waiting> orders) => Group.Join([.. orders.Select(order => (ReadOnlyMemory<byte>)order.Body.AsMemory(0, order.Length))]);

    /// <summary>An order that waits for its response, which is empty if the order failed.</summary>
    private sealed record Waiting(byte[] Body, int Length)
    {
        public TaskCompletionSource<ReadOnlyMemory<byte>> Response { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
