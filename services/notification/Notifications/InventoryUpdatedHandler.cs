using DaprOrders.Hosting;
using DaprOrders.Messaging;
using DaprOrders.NotificationService.Data;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>Notifies of an order's outcome, once. The row is the notification; a real system would hand it to mail or push from here.</summary>
internal sealed partial class InventoryUpdatedHandler(
    NotificationDbContext db, TimeProvider time, ILogger<InventoryUpdatedHandler> logger) : IHandle<InventoryUpdated>
{
    public async Task HandleAsync(IReadOnlyList<InventoryUpdated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.OrderId).Distinct().ToArray();
        var told = await db.Notifications
            .Where(notification => ids.Contains(notification.OrderId))
            .Select(notification => new { notification.OrderId, notification.Outcome })
            .ToHashSetAsync(cancellationToken);

        foreach (var message in batch)
        {
            if (!told.Add(new { message.OrderId, message.Outcome }))
            {
                continue;
            }

            var now = time.GetMicrosecondNow();
            db.Notifications.Add(new Notification
            {
                Id = Guid.CreateVersion7(now),
                OrderId = message.OrderId,
                ItemId = message.ItemId,
                Quantity = message.Quantity,
                Outcome = message.Outcome,
                Reason = message.Reason,
                CreatedAt = now,
            });
            LogNotified(message.OrderId, message.Reason ?? "reserved");
        }
    }

    [LoggerMessage(LogLevel.Information, "Notified of order {OrderId}: {Outcome}")]
    private partial void LogNotified(Guid orderId, string outcome);
}
