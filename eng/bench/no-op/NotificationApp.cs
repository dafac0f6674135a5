namespace DaprOrders.NoOp;

/// <summary>Subscribes to <c>inventory.updated</c> and records when each event arrives.</summary>
internal sealed class NotificationApp(Sidecar sidecar) : App(sidecar)
{
    protected override byte[] Subscriptions { get; } = Subscribe("notification", "inventory.updated");

    protected override long Notified => Times.Count;

    protected override Task HandleOwnAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/events/inventory.updated" => AcknowledgeAsync(http, Times.Add),
        "/events/notification.dead" => Task.CompletedTask,
        _ => NotFoundAsync(http),
    };
}
