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
    private long _confirmed;

    protected override byte[] Subscriptions { get; } = Subscribe("order", "inventory.updated");

    protected override long Orders => Interlocked.Read(ref _orders);

    protected override long Confirmed => Interlocked.Read(ref _confirmed);

    protected override Task HandleOwnAsync(HttpContext http)
    {
        switch (http.Request.Path.Value)
        {
            case "/orders":
                Interlocked.Increment(ref _orders);
                _relay.Add(1);
                http.Response.StatusCode = StatusCodes.Status201Created;
                return WriteJsonAsync(http, Placed);
            case "/events/inventory.updated":
                return AcknowledgeAsync(http, entries => Interlocked.Add(ref _confirmed, entries));
            case "/events/order.dead":
                return Task.CompletedTask;
            default:
                return NotFoundAsync(http);
        }
    }
}
