namespace DaprOrders.NoOp;

/// <summary>Publishes an <c>inventory.updated</c> for every <c>order.created</c>.</summary>
internal sealed class InventoryApp(Sidecar sidecar) : App(sidecar)
{
    private readonly Relay _relay = new(
        sidecar,
        "inventory.updated",
        """{"order_id":"0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e","item_id":"item-123","quantity":1,"outcome":"reserved","reason":null,"available":999999,"occurred_at":"2026-11-23T08:20:07.973965+00:00"}""");

    protected override byte[] Subscriptions { get; } = Subscribe("inventory", "order.created");

    protected override Task HandleOwnAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/events/order.created" => AcknowledgeAsync(http, _relay.Add),
        "/events/inventory.dead" => Task.CompletedTask,
        _ => NotFoundAsync(http),
    };
}
