using DaprOrders.Hosting;
using DaprOrders.NotificationService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.NotificationService.Notifications;

internal static class NotificationEndpoints
{
    public static void MapNotifications(this IEndpointRouteBuilder app) =>
        app.MapGet("/notifications", ListAsync).WithName("ListNotifications").WithSummary("Lists notifications, newest first, of all orders or of one.");

    private static async Task<Results<Ok<Page<NotificationView>>, ValidationProblem>> ListAsync(
        [FromQuery(Name = "order_id")] string? orderId, string? limit, string? cursor, NotificationDbContext db, CancellationToken cancellationToken)
    {
        var id = Guid.Empty;
        if (orderId is not null && !Parameters.TryParseUuid(orderId, out id))
        {
            return Parameters.InvalidUuid("order_id");
        }

        if (!Page.TryParseLimit(limit, out var count))
        {
            return Page.InvalidLimit();
        }

        if (!NewestFirstCursor.TryParse(cursor, out var after))
        {
            return Page.InvalidCursor();
        }

        var notifications = orderId is null ? db.Notifications : db.Notifications.Where(notification => notification.OrderId == id);
        return TypedResults.Ok(await notifications.ToPageAsync(after, count, View, cancellationToken));
    }

    private static NotificationView View(Notification n) =>
        new(n.Id, n.OrderId, n.ItemId, n.Quantity, n.Outcome, n.Reason, n.CreatedAt);

    internal sealed record NotificationView(
        Guid Id, Guid OrderId, string ItemId, int Quantity, StockOutcome Outcome, string? Reason, DateTimeOffset CreatedAt);
}
