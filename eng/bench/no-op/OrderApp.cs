using System.Buffers;

namespace DaprOrders.NoOp;

/// <summary>Accepts orders, publishes <c>order.created</c> for each, and subscribes to <c>inventory.updated</c>.</summary>
internal sealed class OrderApp(Sidecar sidecar) : App(sidecar)
{
    private static readonly byte[] Placed =
        """{"id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e","item_id":"item-123","quantity":1,"status":"pending","created_at":"2026-11-23T08:20:07.502793+00:00"}"""u8
            .ToArray();

    private readonly Relay _relay = new(
        sidecar,
        "order.created",
        """{"order_id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e","item_id":"item-123","quantity":1,"created_at":"2026-11-23T08:20:07.502793+00:00"}""");

    private long _orders;

    protected override byte[] Subscriptions { get; } = Subscribe("order", "inventory.updated");

    protected override long Orders => Interlocked.Read(ref _orders);

    protected override long Confirmed => Times.Count;

    protected override Task HandleOwnAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/orders":
                Interlocked.Increment(ref _orders);
                _relay.Add(1);
                http.Response.StatusCode = StatusCodes.Status201Created;
                return WriteJsonAsync(http, Placed);
            case Group.Path:
                return PlaceGroupAsync(http);
            case "/events/inventory.updated":
                return AcknowledgeAsync(http, Times.Add);
            case "/events/order.dead":
                return Task.CompletedTask;
            default:
                return NotFoundAsync(http);
        }
    }

    private async Task PlaceGroupAsync(HttpContext http)
    {
        var (body, length) = await ReadAsync(http.Request);
        var orders = Group.Count(body.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(body);
        Interlocked.Add(ref _orders, orders);
        _relay.Add(orders);
        await WriteJsonAsync(http, Group.Join([.. Enumerable.Repeat((ReadOnlyMemory<byte>)Placed, orders)]));
    }
}
