using DaprOrders.Messaging;
using DaprOrders.NotificationService.Data;
using DaprOrders.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.NotificationService.Notifications;

/// <summary>Notifies of an order's outcome, once. The row is the notification; a real system would hand it to mail or push from here.</summary>
internal sealed partial class InventoryUpdatedHandler(
    NotificationDbContext db, TimeProvider time, ILogger<InventoryUpdatedHandler> logger) : IHandleMessages<InventoryUpdated>
{
    public async Task HandleAsync(IReadOnlyList<InventoryUpdated> batch, CancellationToken cancellationToken)
    {
        var now = time.GetMicrosecondNow();
        var notifications = batch
            .DistinctBy(message => (message.OrderId, message.Outcome))
            .Select(message => new Notification
            {
                Id = Guid.CreateVersion7(now),
                OrderId = message.OrderId,
                ItemId = message.ItemId,
                Quantity = message.Quantity,
                Outcome = message.Outcome,
                Reason = message.Reason,
                CreatedAt = now,
            })
            .ToList();

        var added = await AddAsync(notifications, cancellationToken);
        foreach (var notification in notifications.Where(notification => added.Contains(notification.Id)))
        {
            LogNotified(notification.OrderId, notification.Reason ?? "reserved");
        }
    }

    /// <summary>Writes all by one statement. One that was told before, by whichever instance, stays as it is.</summary>
    /// <returns>The ids of those that are new.</returns>
    private Task<HashSet<Guid>> AddAsync(List<Notification> notifications, CancellationToken cancellationToken)
    {
        var ids = notifications.ConvertAll(notification => notification.Id);
        var orderIds = notifications.ConvertAll(notification => notification.OrderId);
        var itemIds = notifications.ConvertAll(notification => notification.ItemId);
        var quantities = notifications.ConvertAll(notification => notification.Quantity);
        var outcomes = notifications.ConvertAll(notification => notification.Outcome.ToSnakeCase());
        var reasons = notifications.ConvertAll(notification => notification.Reason);
        var createdAt = notifications[0].CreatedAt;
        return db.Database
            .SqlQuery<Guid>(
                $"""
                INSERT INTO notifications (id, order_id, item_id, quantity, outcome, reason, created_at)
                SELECT id, order_id, item_id, quantity, outcome, reason, {createdAt}
                FROM unnest({ids}, {orderIds}, {itemIds}, {quantities}, {outcomes}, {reasons})
                    AS notification (id, order_id, item_id, quantity, outcome, reason)
                ON CONFLICT (order_id, outcome) DO NOTHING
                RETURNING id
                """)
            .ToHashSetAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "Notified of order {OrderId}: {Outcome}")]
    private partial void LogNotified(Guid orderId, string outcome);
}
