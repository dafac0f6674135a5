using System.ComponentModel;
using DaprOrders.NotificationService.Data;
using DaprOrders.Persistence;
using DaprOrders.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace DaprOrders.NotificationService.Notifications;

internal static class NotificationEndpoints
{
    private static readonly KnownParameter OrderId =
        new("order_id", "Only the notifications of this order.", "0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e");

    public static void MapNotifications(this IEndpointRouteBuilder app)
    {
        var notifications = app.MapGroup("/notifications").MayAnswer(KnownProblem.Invalid, KnownProblem.Failed, KnownProblem.Unavailable);
        notifications.MapGet("/", ListAsync).WithName("ListNotifications").WithSummary("Lists notifications, newest first, of all orders or of one.")
            .Takes(OrderId, KnownParameter.Limit, KnownParameter.Cursor);
    }

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

        if (!KeysetCursor.TryParse(cursor, out var after))
        {
            return Page.InvalidCursor();
        }

        var notifications = orderId is null ? db.Notifications : db.Notifications.Where(notification => notification.OrderId == id);
        return TypedResults.Ok(await notifications.ToPageAsync(after, count, View, cancellationToken));
    }

    private static NotificationView View(Notification n) =>
        new(n.Id, n.OrderId, n.ItemId, n.Quantity, n.Outcome, n.Reason, n.CreatedAt);

    internal sealed record NotificationView(
        [property: Description("The notification's id, a UUID."), Example("0199b0c2-7e54-7a90-b7c4-5f6d2e1a9b01")] Guid Id,
        [property: Description("The order's id, a UUID."), Example("0199b0c2-7e2a-7c3e-9d1f-2b8f6a5c4d3e")] Guid OrderId,
        [property: Description("The item that was ordered."), Example("item-123")] string ItemId,
        [property: Description("How many pieces were ordered, 1 to 1,000."), Example(1)] int Quantity,
        [property: Description("What came of the order.")] StockOutcome Outcome,
        [property: Description("Why it was rejected, else null."), Example(null)] string? Reason,
        [property: Description("When the customer was told, UTC."), Example("2026-11-23T08:20:07.973965+00:00")] DateTimeOffset CreatedAt);
}
