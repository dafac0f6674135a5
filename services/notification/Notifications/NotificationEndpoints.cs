using DaprOrders.Hosting;
using DaprOrders.NotificationService.Data;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace DaprOrders.NotificationService.Notifications;

internal static class NotificationEndpoints
{
    public static void MapNotifications(this IEndpointRouteBuilder app) =>
        app.MapGet("/notifications", ListAsync).WithName("ListNotifications").WithSummary("Lists the notifications of an order.");

    private static async Task<Results<Ok<NotificationList>, ValidationProblem>> ListAsync(
        [FromQuery(Name = "order_id")] string? orderId, NotificationDbContext db, CancellationToken cancellationToken)
    {
        if (!Parameters.TryParseUuid(orderId, out var id))
        {
            return Parameters.InvalidUuid("order_id");
        }

        var items = await db.Notifications.AsNoTracking()
            .Where(notification => notification.OrderId == id)
            .OrderByDescending(notification => notification.CreatedAt)
            .Select(n => new NotificationView(n.Id, n.OrderId, n.ItemId, n.Quantity, n.Outcome, n.Reason, n.CreatedAt))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new NotificationList(items, Next: null)); // at most one row per outcome, so there is never a next page
    }

    internal sealed record NotificationList(IReadOnlyList<NotificationView> Items, string? Next);

    internal sealed record NotificationView(
        Guid Id, Guid OrderId, string ItemId, int Quantity, StockOutcome Outcome, string? Reason, DateTimeOffset CreatedAt);
}
