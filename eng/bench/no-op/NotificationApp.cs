using System.Globalization;
using System.Text.Json;

namespace DaprOrders.NoOp;

/// <summary>Subscribes to <c>inventory.updated</c> and records when each event arrives.</summary>
internal sealed class NotificationApp(Sidecar sidecar) : App(sidecar)
{
    private readonly ArrivalTimes _times = new(1_000_000);

    protected override byte[] Subscriptions { get; } = Subscribe("notification", "inventory.updated");

    protected override long Notified => _times.Count;

    protected override Task HandleOwnAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/events/inventory.updated" => AcknowledgeAsync(http, _times.Add),
        "/events/notification.dead" => Task.CompletedTask,
        "/bench/notified-times" => WriteJsonAsync(http, JsonSerializer.SerializeToUtf8Bytes(_times.Since(Parse(http.Request.Query["since"])))),
        _ => NotFoundAsync(http),
    };

    private static long Parse(string? number) => long.TryParse(number, CultureInfo.InvariantCulture, out var value) ? value : 0;
}
