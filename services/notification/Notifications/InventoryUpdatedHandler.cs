using DaprOrders.Messaging;
using DaprOrders.NotificationService.Data;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>Notifies the customer of an order's outcome, once. The row is the notification; a real system would send mail or push from here.</summary>
internal sealed partial class InventoryUpdatedHandler(
    NotificationDbContext db, NotificationMetrics metrics, TimeProvider time, ILogger<InventoryUpdatedHandler> logger) : IHandleMessages<InventoryUpdated>
{
    public async Task HandleAsync(IReadOnlyList<InventoryUpdated> batch, CancellationToken cancellationToken)
    {
        var ids = batch.Select(message => message.OrderId).Distinct().ToArray();
        var notified = await db.Notifications
            .Where(notification => ids.Contains(notification.OrderId))
            .Select(notification => new { notification.OrderId, notification.Outcome })
            .ToHashSetAsync(cancellationToken);

        var notifications = batch
            .Where(message => notified.Add(new { message.OrderId, message.Outcome }))
            .Select(message => Notification.Of(message, time.GetMicrosecondNow()))
            .ToList();
        db.Notifications.AddRange(notifications);

        foreach (var notification in notifications)
        {
            metrics.Notified(notification.OrderId, notification.CreatedAt);
            LogNotified(notification.OrderId, notification.Outcome, notification.Reason);
        }

        LogBatch(notifications.Count, batch.Count);
    }

    [LoggerMessage(LogLevel.Information, "Sent {Count} notifications for {Events} events")]
    private partial void LogBatch(int count, int events);

    [LoggerMessage(LogLevel.Debug, "Sent a notification of order {OrderId}: {Outcome}, reason: {Reason}")]
    private partial void LogNotified(Guid orderId, StockOutcome outcome, string? reason);
}
